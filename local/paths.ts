import { homedir } from 'node:os';
import path from 'node:path';
import { clusterLayout } from './cluster/layout.ts';
import { exitCodes, Failure } from './failure.ts';

/** Where things lie on this machine. Nothing outside these folders is written, besides Go's own caches. */
export interface Paths {
  /** The checkout. */
  readonly repository: string;
  /** What can be made again: tools, images. */
  readonly cache: string;
  readonly tools: string;
  readonly images: string;
  /** What cannot be made again: the cluster with its volumes, Pulumi's state, secrets. */
  readonly state: string;
  /** Mode 700. */
  readonly secrets: string;
  /** Bearer token of the orchestrator's API; `npm start` writes it. */
  readonly apiToken: string;
  /** Passphrase that encrypts the secrets of the stacks kept in {@link Paths.pulumiBackend}. */
  readonly pulumiPassphrase: string;
  readonly pulumiHome: string;
  readonly pulumiBackend: string;
  /** KUBECONFIG of the cluster that the platform runs on: a file of ours for the embedded one. */
  readonly kubeconfig: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Folder of a kind: Keelson's own variable, else the XDG base folder, else the folder below home.
 *
 * @throws Failure for a relative path: it would mean another folder in each working directory.
 */
function base(env: Variables, own: string, xdg: string, fallback: string): string {
  const chosen = env[own];
  if (chosen !== undefined && chosen !== '') {
    if (path.isAbsolute(chosen)) return path.resolve(chosen);
    throw new Failure({
      path: own,
      value: `"${chosen}" is not an absolute path`,
      cure: `Set it to one, for example ${path.resolve(chosen)}, or unset it`,
      exitCode: exitCodes.environment,
    });
  }
  const common = env[xdg];
  // The XDG specification says to ignore a relative path.
  const parent = common !== undefined && path.isAbsolute(common) ? common : path.join(env.HOME || homedir(), fallback);
  return path.join(parent, 'keelson');
}

/** Reads `KEELSON_CACHE` and `KEELSON_STATE`; creates nothing. */
export function resolvePaths(env: Variables = process.env): Paths {
  const cache = base(env, 'KEELSON_CACHE', 'XDG_CACHE_HOME', '.cache');
  const state = base(env, 'KEELSON_STATE', 'XDG_STATE_HOME', path.join('.local', 'state'));
  return foldersOf(cache, state);
}

/** The same places with another folder of state, for what a cluster of the person's own keeps apart. */
export function withState(paths: Paths, state: string): Paths {
  return foldersOf(paths.cache, state);
}

function foldersOf(cache: string, state: string): Paths {
  const secrets = path.join(state, 'secrets');
  return {
    repository: path.resolve(import.meta.dirname, '..'),
    cache,
    tools: path.join(cache, 'tools'),
    images: path.join(cache, 'images'),
    state,
    secrets,
    apiToken: path.join(secrets, 'api-token'),
    pulumiPassphrase: path.join(secrets, 'pulumi-passphrase'),
    pulumiHome: path.join(state, 'pulumi', 'home'),
    pulumiBackend: path.join(state, 'pulumi', 'backend'),
    kubeconfig: clusterLayout(state).kubeconfig,
  };
}
