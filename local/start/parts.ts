import path from 'node:path';
import { execa } from 'execa';
import { type BuiltImage, buildImages, buildNodeRootfs, type OnImageProgress } from '../images/index.ts';
import type { Paths } from '../paths.ts';
import { duration, type Progress } from '../progress.ts';
import { ensureDebianPackages } from '../toolchain/debian.ts';
import { ensureTools, platformTools, pulumiTools, type Toolchain, type ToolName } from '../toolchain/index.ts';

/** The images that the cluster itself runs from, and those that are built from sources of the project; the first ones are needed earlier. */
const clusterImages = ['pause', 'kube', 'base', 'local-path-provisioner'] as const;
const serviceImages: readonly string[] = ['orchestrator', 'inference'];

type Images = Readonly<Record<string, BuiltImage>>;

/** What has to be made before the platform runs on any cluster; each promise settles as soon as its part is there. */
export interface PlatformParts {
  readonly tools: Promise<Toolchain>;
  readonly platformImages: Promise<Images>;
}

/** What the embedded cluster needs besides. */
export interface Parts extends PlatformParts {
  /** The program of all Kubernetes components. */
  readonly kube: Promise<string>;
  readonly rootfs: Promise<string>;
  readonly clusterImages: Promise<Images>;
}

/** Shows the image builder's events: a line for each image that is built, none for one that is kept. */
function imageProgress(progress: Progress): OnImageProgress {
  return ({ name, step, milliseconds }) => {
    if (step === 'built')
      progress.note(`✓ image ${name}${milliseconds === undefined ? '' : ` (${duration(milliseconds)})`}`);
  };
}

async function bundleServices(paths: Paths, services: readonly string[]): Promise<void> {
  for (const service of services) {
    const result = await execa('npm', ['run', 'build', '--workspace', `services/${service}`], {
      cwd: paths.repository,
      reject: false,
      all: true,
    });
    if (result.exitCode !== 0) throw new Error(`services/${service} could not be bundled:\n${result.all}`);
  }
}

/** Builds the images of the platform: those of its components first, then those of its services. */
function makePlatformImages(
  paths: Paths,
  progress: Progress,
  names: readonly string[],
  after: Promise<unknown>,
): Promise<Images> {
  const onImage = imageProgress(progress);
  const build = (some: readonly string[]): ReturnType<typeof buildImages> =>
    buildImages({ names: some, progress: onImage, cache: paths.cache, tools: {} });
  const ofServices = names.filter((name) => serviceImages.includes(name));
  const components = after.then(() => build(['base-node', ...names.filter((name) => !serviceImages.includes(name))]));
  const services = components
    .then(() => ensureDebianPackages(['buildah', 'ca-certificates'], { progress, paths }))
    .then(() => bundleServices(paths, ofServices))
    .then(() => build(ofServices));
  return Promise.all([components, services]).then(([a, b]) => ({ ...a.images, ...b.images }));
}

/** Each is awaited in its turn; until then a failure of one is not unhandled. */
function awaitedLater(parts: readonly Promise<unknown>[]): void {
  for (const part of parts) part.catch(() => undefined);
}

/**
 * Starts to make what the platform needs on a cluster that exists already.
 *
 * @param images - how it gets its images: a registry has them, or those of these names are built here
 */
export function makePlatformParts(
  paths: Paths,
  progress: Progress,
  images: 'pulled' | { readonly built: readonly string[] },
): PlatformParts {
  const tools = ensureTools(pulumiTools, { progress, paths });
  const platformImages =
    images === 'pulled' ? Promise.resolve({}) : makePlatformImages(paths, progress, images.built, Promise.resolve());
  awaitedLater([tools, platformImages]);
  return { tools, platformImages };
}

/**
 * Starts to make all parts of a platform on the embedded cluster, those that wait for downloads beside those that need the processors.
 *
 * @param images - names of the images that the platform runs from
 */
export function makeParts(paths: Paths, progress: Progress, images: readonly string[]): Parts {
  const ready = new Map<ToolName, PromiseWithResolvers<string>>(
    platformTools.map((name): [ToolName, PromiseWithResolvers<string>] => [name, Promise.withResolvers<string>()]),
  );
  const tools = ensureTools(platformTools, {
    progress,
    paths,
    onReady: (name, program) => ready.get(name)?.resolve(program),
  });
  tools.catch((error: unknown) => {
    for (const each of ready.values()) each.reject(error);
  });
  const program = (name: ToolName): Promise<string> =>
    ready.get(name)?.promise ?? Promise.reject(new Error(`${name} is not built here`));
  const onImage = imageProgress(progress);

  const rootfs = buildNodeRootfs({ progress: onImage, cache: paths.cache }).then(({ path: folder }) =>
    path.resolve(folder),
  );
  const cluster = Promise.all([program('kube'), program('local-path-provisioner')]).then(
    ([kube, localPathProvisioner]) =>
      buildImages({
        names: clusterImages,
        progress: onImage,
        cache: paths.cache,
        tools: { kube, localPathProvisioner },
      }),
  );
  const parts: Parts = {
    kube: program('kube'),
    tools,
    rootfs,
    clusterImages: cluster.then(({ images }) => images),
    platformImages: makePlatformImages(paths, progress, images, rootfs),
  };
  awaitedLater([
    ...Object.values<Promise<unknown>>({ ...parts }),
    ...[...ready.values()].map(({ promise }) => promise),
  ]);
  return parts;
}
