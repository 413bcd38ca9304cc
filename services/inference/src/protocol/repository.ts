import { ApiError } from '../errors/api-error.ts';
import type { Context } from '../http/context.ts';
import type { LoadRequest, ModelEntry, Registry } from '../models/registry.ts';
import { isVersion } from '../models/repository.ts';
import { parseWeights } from '../models/traffic.ts';

export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';
  readonly reason: string;
}

/** Every version that the server knows, with its state and why it does not serve. */
export function repositoryIndex(registry: Registry, readyOnly = false): IndexEntry[] {
  return registry
    .entries()
    .map(describe)
    .filter(({ state }) => !readyOnly || state === 'READY');
}

function describe(entry: ModelEntry): IndexEntry {
  const { name, version } = entry;
  switch (entry.state) {
    case 'ready':
      return { name, version, state: 'READY', reason: entry.reason ?? '' };
    case 'loading':
      return { name, version, state: 'LOADING', reason: '' };
    case 'unloading':
      return { name, version, state: 'UNLOADING', reason: '' };
    case 'unloaded':
      return { name, version, state: 'UNAVAILABLE', reason: 'unloaded' };
    case 'failed':
      return { name, version, state: 'UNAVAILABLE', reason: entry.reason };
  }
}

type Parameters = Readonly<Record<string, unknown>>;

/** Loads a model as the parameters of a request say. */
export async function loadModel(context: Context, name: string, parameters: Parameters): Promise<void> {
  requireOpen(context);
  await context.registry.load(name, readLoad(parameters));
}

/** Unloads a model, or the version that the parameters name. */
export async function unloadModel(context: Context, name: string, parameters: Parameters): Promise<void> {
  requireOpen(context);
  const [version] = parameters.version === undefined ? [] : [readVersion('parameters.version', parameters.version)];
  await context.registry.unload(name, version);
}

function requireOpen({ repositoryApi }: Context): void {
  if (!repositoryApi) throw new ApiError('repository_closed', 'models are not loaded or unloaded by request here');
}

/**
 * What to load: `version` (one or a list), `weights` by version (an object, or JSON of one), or `config`, the JSON of a
 * model configuration as clients of Triton send it, whose `version_policy` counts.
 */
export function readLoad({ version, weights, config }: Parameters): LoadRequest {
  const fromConfig = config === undefined ? {} : readConfig(config);
  const versions = version === undefined ? fromConfig.versions : readVersions('parameters.version', version);
  const shares = weights ?? fromConfig.weights;
  return {
    ...(versions !== undefined && { versions }),
    ...(shares !== undefined && { weights: readWeights(shares) }),
  };
}

function readVersions(path: string, value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => readVersion(path, one));
}

function readVersion(path: string, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && isVersion(text)) return text;
  throw new ApiError('invalid_request', `${path} is no version`, {
    path,
    cure: 'Send a whole number above 0, such as "2".',
  });
}

function readWeights(value: unknown) {
  const path = 'parameters.weights';
  try {
    return parseWeights(path, typeof value === 'string' ? JSON.parse(value) : value);
  } catch (error) {
    throw new ApiError('invalid_request', error instanceof Error ? error.message : `${path} cannot be read`, {
      path,
      cure: 'Send {"1": 90, "2": 10}, or that as a text.',
    });
  }
}

/** Source: github.com/triton-inference-server/common, model_config.proto, ModelVersionPolicy; read 2026-11. */
function readConfig(config: unknown): { versions?: string[]; weights?: unknown } {
  const path = 'parameters.config';
  let json: unknown;
  try {
    json = typeof config === 'string' ? JSON.parse(config) : config;
  } catch {
    throw new ApiError('invalid_request', `${path} is not JSON`, { path, cure: 'Send the configuration as JSON.' });
  }
  const fields = new Map<string, unknown>(Object.entries(json ?? {}));
  const policy = new Map<string, unknown>(Object.entries(fields.get('version_policy') ?? {}));
  const specific = new Map<string, unknown>(Object.entries(policy.get('specific') ?? {})).get('versions');
  return {
    ...(specific !== undefined && { versions: readVersions(`${path}.version_policy.specific.versions`, specific) }),
    ...(fields.has('weights') && { weights: fields.get('weights') }),
  };
}
