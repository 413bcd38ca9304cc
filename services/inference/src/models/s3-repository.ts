import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import {
  compareVersions,
  isModelName,
  isVersion,
  type ModelFolder,
  type ModelRepository,
  type ModelVersion,
} from './repository.ts';

export interface S3RepositoryOptions {
  readonly bucket: string;
  /** In front of `<name>/<version>/`, without slashes at its ends. */
  readonly prefix: string;
  /** Where the files go on this machine. */
  readonly cache: string;
  /** @default - AWS */
  readonly endpoint?: string;
  readonly region: string;
}

interface StoredFile {
  /** Below the folder of the version. */
  readonly path: string;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

/** Files of one version that are fetched at once. */
const PARALLEL = 4;

/**
 * Objects `<prefix>/<name>/<version>/…` in a bucket of S3 or of something that speaks its protocol. Credentials come
 * the way that AWS's own tools find them: the environment, a file, or the pod's service account.
 *
 * What was fetched lies in a folder that is named after the objects' sizes and entity tags and never changes, so that a
 * new upload cannot touch the files of a version that serves.
 */
export class S3Repository implements ModelRepository {
  readonly location: string;
  readonly setting = 'MODEL_SOURCE';
  readonly #options: S3RepositoryOptions;
  readonly #client: S3Client;

  constructor(options: S3RepositoryOptions) {
    this.#options = options;
    this.location = `s3://${options.bucket}/${options.prefix}`;
    const { endpoint, region } = options;
    this.#client = new S3Client({
      region,
      // Servers of one's own rarely have a name for each bucket.
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    });
  }

  async find(): Promise<ModelVersion[]> {
    const versions = new Map<string, ModelVersion>();
    for await (const { path } of this.#list('')) {
      const [name = '', version = '', file] = path.split('/');
      if (file === undefined || !isModelName(name) || !isVersion(version)) continue;
      versions.set(`${name}/${version}`, { name, version });
    }
    return [...versions.values()].sort(compareVersions);
  }

  async fetch({ name, version }: ModelVersion): Promise<ModelFolder> {
    const files: StoredFile[] = [];
    for await (const file of this.#list(`${name}/${version}/`)) files.push(file);
    if (files.length === 0) {
      throw new Error(
        `${this.location}/${name}/${version} has no objects. Upload the model, or ask for another version.`,
      );
    }
    const identity = files.map(({ path, size, etag }) => `${path}\n${size}\n${etag}\n`).sort();
    const digest = createHash('sha256').update(identity.join('')).digest('hex').slice(0, 16);
    const path = join(this.#options.cache, name, version, digest);
    if (!(await exists(path))) await this.#download(files, path);
    return { name, version, path };
  }

  async release({ path }: ModelFolder): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  /** Into a folder beside, and then in its place at once: one that exists is whole. */
  async #download(files: readonly StoredFile[], path: string): Promise<void> {
    const partial = `${path}.partial`;
    await rm(partial, { recursive: true, force: true });
    try {
      const left = [...files];
      const worker = async (): Promise<void> => {
        for (let file = left.shift(); file !== undefined; file = left.shift()) await this.#get(file, partial);
      };
      await Promise.all(Array.from({ length: PARALLEL }, worker));
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { recursive: true, force: true });
      throw error;
    }
  }

  async #get({ path, key, size }: StoredFile, folder: string): Promise<void> {
    const target = join(folder, path);
    // A name with dots in it must not lead out of the folder.
    if (!target.startsWith(`${folder}/`))
      throw new Error(`${this.location}: the object "${key}" has a name with "..".`);
    await mkdir(dirname(target), { recursive: true });
    const { Body: body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#options.bucket, Key: key }));
    if (body === undefined) throw new Error(`${this.location}: the object "${key}" came without content.`);
    const stream = createWriteStream(target);
    // In Node.js the body is a readable stream of its own kind.
    await pipeline(body as Readable, stream);
    if (stream.bytesWritten !== size) {
      throw new Error(`${this.location}: "${key}" ended after ${stream.bytesWritten} of ${size} bytes. Load it again.`);
    }
  }

  async *#list(below: string): AsyncGenerator<StoredFile> {
    const { bucket, prefix } = this.#options;
    const root = prefix === '' ? '' : `${prefix}/`;
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: bucket, Prefix: root + below });
    for await (const { Contents: objects = [] } of pages) {
      for (const { Key: key = '', Size: size = 0, ETag: etag = '' } of objects) {
        // Consoles make empty objects that stand for folders.
        if (key.endsWith('/')) continue;
        yield { key, size, etag, path: key.slice(root.length + below.length) };
      }
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
