import { homedir } from 'node:os';
import path from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import type { Paths } from '../paths.ts';
import type { Choice, KindChoice, KubeconfigChoice } from './choice.ts';
import { defaultKindName, KindCluster } from './kind.ts';
import { contextIn } from './kubeconfig.ts';

/** What the command line says about the cluster. */
export interface ClusterOptions {
  readonly embedded?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly loadImages?: string;
  readonly registry?: string;
  /** True without a name. */
  readonly kind?: string | true;
}

function refuse(path: string, value: string, cure: string): never {
  throw new Failure({ path, value, cure, exitCode: exitCodes.usage });
}

/** The folder in which kind's files of one cluster lie. */
export function kindFolder(paths: Paths, name: string): string {
  return path.join(paths.state, 'kind', name);
}

/** Where the person is, as npm tells: it runs its scripts in the project's folder. */
function absolute(file: string, env: NodeJS.ProcessEnv): string {
  const home = file.startsWith('~/') ? path.join(homedir(), file.slice(2)) : file;
  return path.resolve(env.INIT_CWD ?? process.cwd(), home);
}

function registryOf(text: string): string {
  // Host with an optional port, then folders: as image references have it, without scheme, tag or digest.
  if (/^[a-z0-9][a-z0-9.-]*(:\d+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/.test(text)) return text;
  return refuse(
    `--registry ${text}`,
    'this is no prefix of image names',
    'Give host and folder, such as registry.example.com/keelson',
  );
}

/** How images get into the cluster: what the command line says now, else what it said last. */
function imagesFrom(
  { loadImages, registry }: ClusterOptions,
  last: Pick<KubeconfigChoice, 'loadImages' | 'registry'> | undefined,
): Pick<KubeconfigChoice, 'loadImages' | 'registry'> {
  if (loadImages !== undefined && registry !== undefined)
    refuse('--load-images, --registry', 'both are given', 'Use one: images are either built and loaded, or pulled');
  if (loadImages?.trim() === '')
    refuse('--load-images', 'the command is empty', "Use one such as 'k3s ctr images import -'");
  if (registry !== undefined) return { registry: registryOf(registry) };
  if (loadImages !== undefined) return { loadImages };
  return {
    ...(last?.loadImages !== undefined && { loadImages: last.loadImages }),
    ...(last?.registry !== undefined && { registry: last.registry }),
  };
}

function kubeconfigChoice(file: string, options: ClusterOptions, last: KubeconfigChoice | undefined): KubeconfigChoice {
  const images = imagesFrom(options, last);
  if (images.loadImages === undefined && images.registry === undefined) {
    refuse(
      '--kubeconfig',
      'nothing says how the images get into the cluster',
      "Add --load-images '<command>', which takes an archive from its standard input, such as 'k3s ctr images import -', or --registry <prefix> of a registry that has them",
    );
  }
  const context = contextIn(file, options.context ?? (options.kubeconfig === undefined ? last?.context : undefined));
  const id = last?.context === context ? last.id : undefined;
  return { kind: 'kubeconfig', kubeconfig: file, context, ...images, ...(id !== undefined && { id }) };
}

function kindChoice(name: string, options: ClusterOptions, paths: Paths, last: Choice): KindChoice {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(name))
    refuse(`--kind ${name}`, 'this is no name of a cluster', 'Use lower-case letters, digits, . and -');
  if (options.loadImages !== undefined || options.context !== undefined)
    refuse('--kind', 'it has its own context and loads images itself', 'Leave --context and --load-images out');
  const same = last.kind === 'kind' && last.name === name ? last : undefined;
  const { registry } = imagesFrom(options, same);
  const { kubeconfig } = new KindCluster(name, kindFolder(paths, name));
  return {
    kind: 'kind',
    name,
    kubeconfig,
    context: `kind-${name}`,
    ...(registry !== undefined && { registry }),
    ...(same?.id !== undefined && { id: same.id }),
  };
}

/**
 * The cluster that the platform is to run on: what the command line says, completed by what was chosen last.
 *
 * @throws Failure for options that do not fit together, and for a kubeconfig that cannot be used
 */
export function choose(
  options: ClusterOptions,
  last: Choice,
  paths: Paths,
  env: NodeJS.ProcessEnv = process.env,
): Choice {
  const { kubeconfig, context, loadImages, registry } = options;
  const ways = { '--embedded': options.embedded, '--kubeconfig': kubeconfig, '--kind': options.kind };
  const given = Object.entries(ways).flatMap(([name, value]) => (value === undefined || value === false ? [] : [name]));
  if (given.length > 1) refuse(given.join(', '), 'they exclude each other', 'Use one of them');
  if (kubeconfig !== undefined) {
    const file = absolute(kubeconfig, env);
    return kubeconfigChoice(file, options, last.kind === 'kubeconfig' && last.kubeconfig === file ? last : undefined);
  }
  if (options.kind !== undefined)
    return kindChoice(options.kind === true ? defaultKindName : options.kind, options, paths, last);
  if (options.embedded !== true && last.kind === 'kubeconfig') return kubeconfigChoice(last.kubeconfig, options, last);
  if (options.embedded !== true && last.kind === 'kind') return kindChoice(last.name, options, paths, last);
  const strays = { '--context': context, '--load-images': loadImages, '--registry': registry };
  const stray = Object.entries(strays).find(([, value]) => value !== undefined)?.[0];
  if (stray !== undefined)
    refuse(stray, 'the embedded cluster has no use for it', 'Leave it out, or name a cluster with --kubeconfig <file>');
  return { kind: 'embedded' };
}
