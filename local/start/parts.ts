import path from 'node:path';
import { execa } from 'execa';
import { type BuiltImage, buildImages, buildNodeRootfs, type OnImageProgress } from '../images/index.ts';
import type { Paths } from '../paths.ts';
import { duration, type Progress } from '../progress.ts';
import { ensureDebianPackages } from '../toolchain/debian.ts';
import { ensureTools, platformTools, type Toolchain, type ToolName } from '../toolchain/index.ts';

/** The images that the cluster itself runs from, and those of the platform; the first ones are needed earlier. */
const clusterImages = ['pause', 'kube', 'base', 'local-path-provisioner'] as const;
const serviceImages = ['orchestrator', 'inference'] as const;
const componentImages = [
  'base-node',
  'redis',
  'postgres',
  'prometheus',
  'alertmanager',
  'milvus-lite',
  'mcp',
  'model-all-minilm-l6-v2',
] as const;

type Images = Readonly<Record<string, BuiltImage>>;

/** Everything that has to be made before the platform runs; each promise settles as soon as its part is there. */
export interface Parts {
  /** The programs that the cluster needs, by name. */
  readonly kube: Promise<string>;
  readonly tools: Promise<Toolchain>;
  readonly rootfs: Promise<string>;
  readonly clusterImages: Promise<Images>;
  readonly platformImages: Promise<Images>;
}

/** Shows the image builder's events: a line for each image that is built, none for one that is kept. */
function imageProgress(progress: Progress): OnImageProgress {
  return ({ name, step, milliseconds }) => {
    if (step === 'built')
      progress.note(`✓ image ${name}${milliseconds === undefined ? '' : ` (${duration(milliseconds)})`}`);
  };
}

async function bundleServices(paths: Paths): Promise<void> {
  for (const service of serviceImages) {
    const result = await execa('npm', ['run', 'build', '--workspace', `services/${service}`], {
      cwd: paths.repository,
      reject: false,
      all: true,
    });
    if (result.exitCode !== 0) throw new Error(`services/${service} could not be bundled:\n${result.all}`);
  }
}

/** Starts to make all parts, those that wait for downloads beside those that need the processors. */
export function makeParts(paths: Paths, progress: Progress): Parts {
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
  const components = rootfs.then(() =>
    buildImages({ names: componentImages, progress: onImage, cache: paths.cache, tools: {} }),
  );
  const services = components
    .then(() => ensureDebianPackages(['buildah', 'ca-certificates'], { progress, paths }))
    .then(() => bundleServices(paths))
    .then(() => buildImages({ names: serviceImages, progress: onImage, cache: paths.cache, tools: {} }));
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
    platformImages: Promise.all([components, services]).then(([a, b]) => ({ ...a.images, ...b.images })),
  };
  // Each is awaited in its turn; until then a failure of one is not unhandled.
  for (const part of [...Object.values(parts), ...[...ready.values()].map(({ promise }) => promise)]) {
    Promise.resolve<unknown>(part).catch(() => undefined);
  }
  return parts;
}
