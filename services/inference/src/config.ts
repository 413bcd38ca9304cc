import { defaultThreads } from './cgroup.ts';
import type { Provider } from './engine/protocol.ts';
import type { StartModels } from './models/registry.ts';
import { isModelName, isVersion } from './models/repository.ts';
import { QUANTIZATIONS, type Quantization } from './models/serving.ts';
import { parseWeights, type Weights } from './models/traffic.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A bucket with models. */
export interface S3Source {
  readonly bucket: string;
  readonly prefix: string;
  /** S3_ENDPOINT, @default - AWS */
  readonly endpoint?: string;
  /** S3_REGION, @default us-east-1 */
  readonly region: string;
}

export interface Config {
  /** PORT of HTTP, @default 8080 */
  readonly port: number;
  /** GRPC_PORT, @default 8081; `off` for none */
  readonly grpcPort: number | undefined;
  /** HOST, the address to listen on, @default 0.0.0.0 */
  readonly host: string;
  /** MODEL_DIR, with folders `<name>/<version>`, or where those of a bucket go, @default /models */
  readonly modelDir: string;
  /** MODEL_SOURCE, `s3://bucket/prefix`, @default - MODEL_DIR as it is */
  readonly s3: S3Source | undefined;
  /** LOAD_MODELS at the start: `all`, `none`, or `name` and `name:version`, @default all */
  readonly loadModels: StartModels;
  /** MODEL_WEIGHTS, JSON such as `{"minilm": {"1": 90, "2": 10}}`, @default - the newest version answers */
  readonly weights: Readonly<Record<string, Weights>>;
  /** REQUIRE_CHECKSUMS, whether a version without `SHA256SUMS` is refused, @default false */
  readonly requireChecksums: boolean;
  /** AUTH_TOKEN that clients have to show as a bearer token, @default - anybody who gets through may ask */
  readonly authToken: string | undefined;
  /** REPOSITORY_API, whether clients may load and unload models, @default true */
  readonly repositoryApi: boolean;
  /** QUANTIZATION of imported models that do not say it themselves, @default none */
  readonly quantization: Quantization;
  /** EXECUTION_PROVIDER, @default cpu */
  readonly provider: Provider;
  /** EXECUTION_PROVIDER_FALLBACK, whether the CPU computes where the provider cannot, @default true */
  readonly providerFallback: boolean;
  /** RESULT_CACHE_BYTES, @default 0, which keeps no results */
  readonly resultCacheBytes: number;
  /** MAX_QUEUE, texts that may wait, @default 4096 */
  readonly maxQueue: number;
  /** MAX_BATCH_TOKENS, padding included, @default 1024 */
  readonly maxBatchTokens: number;
  /** MAX_BODY_BYTES of a request, @default 8388608 */
  readonly maxBodyBytes: number;
  /** REQUEST_TIMEOUT_SECONDS, in the queue and in a worker together, @default 30 */
  readonly requestTimeoutSeconds: number;
  /** SHUTDOWN_GRACE_SECONDS from SIGTERM to the end, @default 25 */
  readonly shutdownGraceSeconds: number;
  /** THREADS that compute, @default - the CPU quota of the container */
  readonly threads: number;
  /** LOG_LEVEL, @default info */
  readonly logLevel: LogLevel;
}

/** The environment cannot be used; it lists every mistake, not the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['the environment cannot be used:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The only reader of environment variables.
 *
 * @throws ConfigError with all mistakes at once
 */
export function readConfig(env: Environment): Config {
  const reader = new Reader(env);
  const { problems } = reader;
  const config: Config = {
    port: reader.whole('PORT', () => 8080, 0, 65_535),
    grpcPort: env.GRPC_PORT === 'off' ? undefined : reader.whole('GRPC_PORT', () => 8081, 0, 65_535),
    host: reader.text('HOST', '0.0.0.0'),
    modelDir: reader.text('MODEL_DIR', '/models'),
    s3: readSource(env, problems),
    loadModels: readModels(reader.text('LOAD_MODELS', 'all'), problems),
    weights: readWeights(env.MODEL_WEIGHTS, problems),
    requireChecksums: reader.choice('REQUIRE_CHECKSUMS', ['false', 'true']) === 'true',
    authToken: env.AUTH_TOKEN || undefined,
    repositoryApi: reader.choice('REPOSITORY_API', ['true', 'false']) === 'true',
    quantization: reader.choice('QUANTIZATION', QUANTIZATIONS),
    provider: reader.choice('EXECUTION_PROVIDER', ['cpu', 'cuda']),
    providerFallback: reader.choice('EXECUTION_PROVIDER_FALLBACK', ['true', 'false']) === 'true',
    resultCacheBytes: reader.whole('RESULT_CACHE_BYTES', () => 0, 0, 2 ** 40),
    maxQueue: reader.whole('MAX_QUEUE', () => 4096, 1, 1_000_000),
    maxBatchTokens: reader.whole('MAX_BATCH_TOKENS', () => 1024, 1, 1_000_000),
    maxBodyBytes: reader.whole('MAX_BODY_BYTES', () => 8 * 1024 * 1024, 1024, 256 * 1024 * 1024),
    requestTimeoutSeconds: reader.whole('REQUEST_TIMEOUT_SECONDS', () => 30, 1, 3600),
    shutdownGraceSeconds: reader.whole('SHUTDOWN_GRACE_SECONDS', () => 25, 1, 3600),
    threads: reader.whole('THREADS', defaultThreads, 1, 1024),
    logLevel: reader.choice('LOG_LEVEL', LOG_LEVELS, 'info'),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

class Reader {
  readonly problems: string[] = [];
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  text(key: string, fallback: string): string {
    return this.#env[key] || fallback;
  }

  whole(key: string, fallback: () => number, min: number, max: number): number {
    const raw = this.#env[key];
    if (raw === undefined || raw === '') return fallback();
    const value = Number(raw);
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    this.problems.push(`${key}="${raw}" is not a whole number from ${min} to ${max}. Correct it, or leave it out.`);
    return fallback();
  }

  /** One of several words; the first is the default unless another is named. */
  choice<const Word extends string>(key: string, words: readonly [Word, ...Word[]], fallback: Word = words[0]): Word {
    const raw = this.#env[key] || fallback;
    const word = words.find((known) => known === raw);
    if (word === undefined) this.problems.push(`${key}="${raw}" is not one of ${words.join(', ')}.`);
    return word ?? fallback;
  }
}

function readSource(env: Environment, problems: string[]): S3Source | undefined {
  const { MODEL_SOURCE: source, S3_ENDPOINT: endpoint, S3_REGION: region = 'us-east-1' } = env;
  if (!source) return undefined;
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)(?:\/(.*))?$/.exec(source) ?? [];
  if (bucket === undefined) {
    problems.push(`MODEL_SOURCE="${source}" is not s3://<bucket>/<prefix>. Correct it, or leave it out for a folder.`);
    return undefined;
  }
  if (endpoint && !URL.canParse(endpoint)) {
    problems.push(`S3_ENDPOINT="${endpoint}" is not an address such as http://s3:7070. Correct it, or leave it out.`);
  }
  return { bucket, prefix: prefix.replace(/^\/+|\/+$/g, ''), region, ...(endpoint && { endpoint }) };
}

function readModels(text: string, problems: string[]): StartModels {
  if (text === 'all') return 'all';
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const [name = '', version, ...rest] = part.trim().split(':');
    if (!isModelName(name) || (version !== undefined && !isVersion(version)) || rest.length > 0) {
      problems.push(
        `LOAD_MODELS="${text}" has "${part}", which is no <name> or <name>:<version>. Or use all, or none.`,
      );
    }
    return version === undefined ? { name } : { name, version };
  });
}

function readWeights(text: string | undefined, problems: string[]): Readonly<Record<string, Weights>> {
  if (!text) return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null) throw new Error('it is no object');
    return Object.fromEntries(
      Object.entries(json).map(([name, value]) => [name, parseWeights(`MODEL_WEIGHTS.${name}`, value)]),
    );
  } catch (error) {
    problems.push(
      error instanceof SyntaxError
        ? `MODEL_WEIGHTS is not JSON. Use weights by model and version, such as {"minilm": {"1": 90, "2": 10}}.`
        : error instanceof Error
          ? error.message
          : String(error),
    );
    return {};
  }
}
