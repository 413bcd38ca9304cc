import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BuiltImage, ImageDefaults } from './recipe.ts';
import { type Output, tar } from './stream.ts';

/** Time of everything in the images: a clock would make each build a different image. 2025-01-01T00:00:00Z. */
export const epoch = 1735689600;

/** What the descriptors of the OCI image specification hold. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The part of an image's configuration that is carried on to images above it. */
export interface ImageConfig {
  readonly User?: string;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
  readonly WorkingDir?: string;
}

const types = {
  layer: 'application/vnd.oci.image.layer.v1.tar',
  config: 'application/vnd.oci.image.config.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
} as const;

/**
 * All images in one folder (OCI image layout 1.0): a layer that several images share is there once, and this folder is the
 * only copy. Layers are not compressed: they are imported on the same machine, and unpacking time counts more than disk.
 */
export class Layout {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Path of a blob. */
  blob(digest: string): string {
    return join(this.folder, 'blobs', digest.replace(':', '/'));
  }

  /** Whether all blobs of an image are there. */
  async holds(image: BuiltImage): Promise<boolean> {
    const found = await Promise.all(
      [image.digest, ...image.layers].map((digest) =>
        stat(this.blob(digest)).then(
          () => true,
          () => false,
        ),
      ),
    );
    return found.every(Boolean);
  }

  /** Packs a tree as a layer: sorted, without names of users, without times. */
  async addTree(root: string): Promise<Descriptor> {
    const stable = ['--format=gnu', '--sort=name', `--mtime=@${epoch}`, '--numeric-owner'];
    const { stdout, ended } = tar(['--create', ...stable, '-C', root, '.']);
    const descriptor = await this.#add(types.layer, stdout, ended);
    return descriptor;
  }

  /** Writes configuration and manifest of an image that consists of the given layers. */
  async addImage(
    layers: readonly Descriptor[],
    parents: readonly ImageConfig[],
    defaults: ImageDefaults,
  ): Promise<Descriptor> {
    const config = {
      architecture: 'amd64',
      config: mergeConfig(parents, defaults),
      created: new Date(epoch * 1000).toISOString(),
      history: layers.map(() => ({
        created: new Date(epoch * 1000).toISOString(),
        created_by: 'keelson local/images',
      })),
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    };
    const manifest = {
      schemaVersion: 2,
      mediaType: types.manifest,
      config: await this.#addJson(types.config, config),
      layers,
    };
    return this.#addJson(types.manifest, manifest);
  }

  /** Takes over an image from a folder as the `dir:` transport of buildah and skopeo writes it. */
  async adopt(folder: string): Promise<{ manifest: Descriptor; layers: readonly Descriptor[] }> {
    await mkdir(join(this.folder, 'blobs/sha256'), { recursive: true });
    for (const name of await readdir(folder)) {
      if (/^[0-9a-f]{64}$/.test(name)) await rename(join(folder, name), this.blob(`sha256:${name}`));
    }
    // Written by buildah a moment ago: its shape is that of the specification.
    const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as { layers: Descriptor[] };
    return { manifest: await this.#addJson(types.manifest, manifest), layers: manifest.layers };
  }

  /** The configuration of an image. */
  async configOf(digest: string): Promise<ImageConfig> {
    const { config } = await this.#manifest(digest);
    // Written by this class or by buildah.
    const parsed = JSON.parse(await readFile(this.blob(config.digest), 'utf8')) as { config?: ImageConfig };
    return parsed.config ?? {};
  }

  /** The layers of an image. */
  async layersOf(digest: string): Promise<readonly Descriptor[]> {
    return (await this.#manifest(digest)).layers;
  }

  /** Writes the table of contents. */
  async writeIndex(images: readonly BuiltImage[]): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await replace(join(this.folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    await replace(join(this.folder, 'index.json'), JSON.stringify(await this.#index(images)));
  }

  /** Deletes the blobs that none of the images needs. */
  async collect(images: readonly BuiltImage[]): Promise<void> {
    const kept = new Set<string>();
    for (const image of images) {
      const { config } = await this.#manifest(image.digest);
      for (const digest of [image.digest, config.digest, ...image.layers]) kept.add(digest.slice('sha256:'.length));
    }
    const folder = join(this.folder, 'blobs/sha256');
    for (const name of await readdir(folder).catch(() => [])) {
      if (!kept.has(name)) await rm(join(folder, name), { force: true });
    }
  }

  /** Streams the images as one archive: for `ctr images import -`. */
  async stream(images: readonly BuiltImage[], scratch: string): Promise<Output> {
    const blobs = new Set<string>();
    for (const image of images) {
      const { config } = await this.#manifest(image.digest);
      for (const digest of [image.digest, config.digest, ...image.layers])
        blobs.add(`blobs/${digest.replace(':', '/')}`);
    }
    await mkdir(scratch, { recursive: true });
    await writeFile(join(scratch, 'index.json'), JSON.stringify(await this.#index(images)));
    return tar(['--create', '-C', this.folder, 'oci-layout', ...blobs, '-C', scratch, 'index.json']);
  }

  async #index(images: readonly BuiltImage[]): Promise<object> {
    const manifests: Descriptor[] = [];
    for (const image of images) {
      const { size } = await stat(this.blob(image.digest));
      for (const tag of image.tags) {
        // containerd takes its name for the image from the first one, buildah and skopeo from the second one.
        const annotations = { 'io.containerd.image.name': tag, 'org.opencontainers.image.ref.name': tag };
        manifests.push({ mediaType: types.manifest, digest: image.digest, size, annotations });
      }
    }
    return { schemaVersion: 2, mediaType: types.index, manifests };
  }

  async #manifest(digest: string): Promise<{ config: Descriptor; layers: Descriptor[] }> {
    // Written by this class or by buildah.
    return JSON.parse(await readFile(this.blob(digest), 'utf8')) as { config: Descriptor; layers: Descriptor[] };
  }

  async #addJson(mediaType: string, content: object): Promise<Descriptor> {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    await mkdir(join(this.folder, 'blobs/sha256'), { recursive: true });
    await replace(this.blob(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }

  async #add(mediaType: string, content: Readable, ended: Promise<void>): Promise<Descriptor> {
    await mkdir(join(this.folder, 'blobs/sha256'), { recursive: true });
    const partial = join(this.folder, 'blobs/sha256', `partial-${randomUUID()}`);
    const hash = createHash('sha256');
    let size = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    await pipeline(content, meter, createWriteStream(partial));
    await ended;
    const digest = `sha256:${hash.digest('hex')}`;
    await rename(partial, this.blob(digest));
    return { mediaType, digest, size };
  }
}

/** Configuration of an image above its parents: environment is merged by name, the rest is replaced. */
export function mergeConfig(parents: readonly ImageConfig[], defaults: ImageDefaults): ImageConfig {
  const env = new Map<string, string>();
  for (const parent of parents) {
    for (const entry of parent.Env ?? []) {
      const at = entry.indexOf('=');
      env.set(entry.slice(0, at), entry.slice(at + 1));
    }
  }
  for (const [name, value] of Object.entries(defaults.env ?? {})) env.set(name, value);
  const last = parents.at(-1) ?? {};
  const entrypoint = defaults.entrypoint ?? last.Entrypoint;
  const command = defaults.command ?? last.Cmd;
  return {
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(command === undefined ? {} : { Cmd: command }),
    Env: [...env].map(([name, value]) => `${name}=${value}`),
    User: defaults.user ?? '10001:10001',
    WorkingDir: defaults.workingDir ?? last.WorkingDir ?? '/',
  };
}

/** Writes a file so that readers see the old or the new content, never a part. */
export async function replace(file: string, content: string | Buffer): Promise<void> {
  const partial = `${file}.${randomUUID()}`;
  await writeFile(partial, content);
  await rename(partial, file);
}

/** SHA-256 of a file. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
