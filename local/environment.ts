import { randomBytes } from 'node:crypto';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeOf } from './failure.ts';
import type { Paths } from './paths.ts';

/** The stack that `npm start` brings up unless it is told otherwise. */
export const localStack = 'multi-agent-rag.local';

const stackFile = (paths: Paths): string => path.join(paths.state, 'stack');

/** The stack of the last start. */
export function lastStack(paths: Paths): string {
  try {
    return readFileSync(stackFile(paths), 'utf8').trim() || localStack;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return localStack;
    throw error;
  }
}

/** Remembers the stack that is started. */
export function rememberStack(paths: Paths, stack: string): void {
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  writeFileSync(stackFile(paths), `${stack}\n`);
}

/** Variables of a person's own stacks that would win over ours: Pulumi asks for a passphrase file only without a passphrase. */
export const conflictingVariables = ['PULUMI_CONFIG_PASSPHRASE'] as const;

/** What the environment needs to know of the toolchain. */
export interface ToolPaths {
  /** Folder with a link to each program. */
  readonly binDir: string;
  /** The provider's program; none while it is not built. */
  readonly kubernetesProvider?: string;
}

/** Folders that `npm run` puts in front of the search path for its own scripts: they mean nothing to the person's shell. */
function isNpmsOwn(entry: string, repository: string): boolean {
  const parent = path.dirname(path.dirname(entry));
  const ofAncestor =
    entry.endsWith('/node_modules/.bin') && `${repository}/`.startsWith(parent === '/' ? parent : `${parent}/`);
  return ofAncestor || entry.endsWith('/node-gyp-bin');
}

/** What npm installed is found first, the pinned tools next, and then what the machine has. */
export function searchPath(paths: Paths, binDir: string, inherited: string): string {
  const own = [path.join(paths.repository, 'node_modules', '.bin'), binDir];
  const others = inherited
    .split(':')
    .filter((entry) => entry !== '' && !own.includes(entry) && !isNpmsOwn(entry, paths.repository));
  return [...own, ...new Set(others)].join(':');
}

/**
 * Variables with which Pulumi's own commands and kubectl work on the local platform. Pure: what they point at is made by
 * {@link prepareEnvironment}.
 */
export function environmentVariables(
  paths: Paths,
  tools: Pick<ToolPaths, 'binDir'>,
  inherited: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  return {
    PATH: searchPath(paths, tools.binDir, inherited.PATH ?? ''),
    KUBECONFIG: paths.kubeconfig,
    PULUMI_HOME: paths.pulumiHome,
    PULUMI_BACKEND_URL: pathToFileURL(paths.pulumiBackend).href,
    PULUMI_CONFIG_PASSPHRASE_FILE: paths.pulumiPassphrase,
    PULUMI_STACK: lastStack(paths),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // Compiling the SDKs anew takes a third of the program's time.
    NODE_COMPILE_CACHE: path.join(paths.cache, 'node-compile-cache'),
    // Everything comes from the toolchain; a missing plugin is an error with its name, not a download that may hang.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
  };
}

/** Writes a secret once; of two that write at the same time, one wins and both read the same. */
export function secretFile(file: string, make: () => string = () => randomBytes(32).toString('base64url')): string {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  writeFileSync(draft, make(), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  return readFileSync(file, 'utf8');
}

/**
 * Puts the provider where Pulumi looks for the plugin of the npm package's version. On PATH it would be found too, with a
 * warning in each preview. A plugin that a person installed there, the vendor's own, stays.
 */
function linkProvider(paths: Paths, program: string): void {
  const manifest = path.join(paths.repository, 'node_modules', '@pulumi', 'kubernetes', 'package.json');
  // npm wrote the file.
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const link = path.join(paths.pulumiHome, 'plugins', `resource-kubernetes-v${version}`, 'pulumi-resource-kubernetes');
  mkdirSync(path.dirname(link), { recursive: true });
  const present = lstatSync(link, { throwIfNoEntry: false });
  if (present !== undefined) {
    if (!present.isSymbolicLink() || readlinkSync(link) === program) return;
    rmSync(link, { force: true });
  }
  try {
    symlinkSync(program, link);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Makes what {@link environmentVariables} point at, where it is missing, and gives the variables. */
export function prepareEnvironment(paths: Paths, tools: ToolPaths): Record<string, string> {
  mkdirSync(paths.pulumiBackend, { recursive: true, mode: 0o700 });
  mkdirSync(paths.pulumiHome, { recursive: true, mode: 0o700 });
  secretFile(paths.pulumiPassphrase);
  if (tools.kubernetesProvider !== undefined) linkProvider(paths, tools.kubernetesProvider);
  return environmentVariables(paths, tools);
}
