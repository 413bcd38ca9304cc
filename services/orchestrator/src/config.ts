import { accessSync, constants, readFileSync } from 'node:fs';
import { describeError } from './errors/describe.ts';
import { FEATURES, type FeatureSet, parseFeatures } from './features.ts';
import { type Policy, readPolicyFile } from './limits/policy.ts';
import { makeFolder } from './make-folder.ts';
import { type Objective, parseObjectives } from './production/objectives.ts';
import { type ProviderConfig, parseProviders } from './providers/config.ts';

/** Everything that the environment decides. Only this file reads the environment. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** How many processes serve, each on a processor of its own. */
  readonly workers: number;
  /** Where a thread of its own answers probes; undefined: only the main port does. */
  readonly healthPort: number | undefined;
  /** For how long the event loop may stand still before those probes fail. */
  readonly healthStallSeconds: number;
  readonly logLevel: LogLevel;
  readonly features: FeatureSet;
  readonly redis: { readonly url: string; readonly password: string | undefined } | undefined;
  readonly postgres: PostgresConfig | undefined;
  /** Where the vectors of passages are kept. */
  readonly vectors: VectorsConfig | undefined;
  readonly inferenceUrl: string | undefined;
  /** What the inference service wants to be shown. */
  readonly inferenceToken: string | undefined;
  readonly embedding: { readonly model: string; readonly dimension: number };
  /** MCP servers by name (`filesystem`), as URLs of their endpoint. */
  readonly mcp: ReadonlyMap<string, string>;
  readonly apiTokensDir: string;
  /** Callers that may change documents; undefined: all. */
  readonly documentWriters: ReadonlySet<string> | undefined;
  readonly providers: readonly ProviderConfig[];
  /** Limits, budgets, cache, and who the callers are. */
  readonly policy: Policy;
  /** Where calls of the last moment are noted, to be found if the process is killed; undefined: in Redis alone. */
  readonly writeAheadDir: string | undefined;
  /** What the endpoints promise, by route. */
  readonly objectives: Readonly<Record<string, Objective>>;
  readonly shutdownGraceSeconds: number;
  /** How long the service goes on taking requests after SIGTERM, until nobody sends it new ones. */
  readonly shutdownDelaySeconds: number;
}

/** How to reach the database, and as whom to work in it. */
export interface PostgresConfig {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** The role that the service works as once it has logged in; undefined: the user's own rights. */
  readonly role: string | undefined;
}

/** A vector store. `postgres` is the database itself, where it has the extension `vector`: enough for small installs. */
export type VectorsConfig =
  | { readonly kind: 'milvus'; readonly url: string }
  | { readonly kind: 'qdrant'; readonly url: string; readonly apiKeyFile: string | undefined }
  | { readonly kind: 'postgres' };

export type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

/** All that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ path, problem, cure }) => `${path}: ${problem}. ${cure}`).join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads the configuration.
 *
 * @param readFile Reads PROVIDERS_FILE; undefined when it does not exist.
 * @throws ConfigError with every problem
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string | undefined = readIfThere,
): Config {
  const reader = new Reader(env);
  const features = reader.features();
  const config: Config = {
    port: reader.integer('PORT', 8000, 0, 65_535),
    host: reader.text('HOST') ?? '0.0.0.0',
    workers: reader.workers(),
    healthPort: reader.healthPort(),
    healthStallSeconds: reader.integer('HEALTH_STALL_SECONDS', 10, 1, 3_600),
    logLevel: reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    features,
    redis: reader.redis(),
    postgres: reader.postgres(needsPostgres(features)),
    vectors: reader.vectors(features.rag),
    inferenceToken: reader.text('INFERENCE_TOKEN'),
    inferenceUrl: reader.url(
      'INFERENCE_URL',
      ['http:', 'https:'],
      features.rag || features.similarity || features.counterfactuals,
    ),
    embedding: {
      model: reader.text('EMBEDDING_MODEL') ?? 'all-minilm-l6-v2',
      dimension: reader.integer('EMBEDDING_DIMENSION', 384, 1, 32_768),
    },
    mcp: reader.mcp(),
    apiTokensDir: reader.text('API_TOKENS_DIR') ?? '/etc/orchestrator/tokens',
    documentWriters: reader.list('DOCUMENT_WRITERS'),
    providers: reader.providers(reader.text('PROVIDERS_FILE'), readFile),
    policy: reader.policy(readFile),
    writeAheadDir: reader.folder('WRITE_AHEAD_DIR'),
    objectives: reader.objectives(),
    shutdownGraceSeconds: reader.integer('SHUTDOWN_GRACE_SECONDS', 25, 0, 3_600),
    shutdownDelaySeconds: reader.integer('SHUTDOWN_DELAY_SECONDS', 2, 0, 600),
  };
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);
  return config;
}

/** Whether one of the features keeps what must not be lost. */
function needsPostgres(features: FeatureSet): boolean {
  return features.rag || features.counterfactuals || features.experiments || features.production || features.quarantine;
}

class Reader {
  readonly problems: ConfigProblem[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#env = env;
  }

  /** The variable without surrounding white space; empty counts as not set. */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  integer(name: string, fallback: number, least: number, most: number): number {
    const given = this.text(name);
    if (given === undefined) return fallback;
    const value = /^-?\d{1,12}$/.test(given) ? Number(given) : Number.NaN;
    if (value >= least && value <= most) return value;
    this.#problem(
      name,
      `"${given}" is not a whole number from ${least} to ${most}`,
      `Set it to one, or remove it for ${fallback}.`,
    );
    return fallback;
  }

  /** A folder that can be written to; it is made if it is not there. */
  folder(name: string): string | undefined {
    const path = this.text(name);
    if (path === undefined) return undefined;
    try {
      makeFolder(path);
      accessSync(path, constants.W_OK);
    } catch (error) {
      const problem = `"${path}" cannot be written to (${describeError(error)})`;
      this.#problem(name, problem, 'Mount a volume there that this user may write to, or remove it.');
    }
    return path;
  }

  workers(): number {
    const count = this.integer('WORKERS', 1, 1, 64);
    if (count > 1 && this.text('REDIS_URL') === undefined) {
      const problem = `"${count}" processes share limits, budgets and the maintenance mode through Redis, and REDIS_URL is not set`;
      this.#problem('WORKERS', problem, 'Set REDIS_URL, or remove it for 1.');
    }
    if (count > 1 && this.text('PORT') === '0') {
      const problem = `"0" gives each of ${count} workers a port of its own`;
      this.#problem('PORT', problem, 'Set it to one that they share, such as 8000.');
    }
    return count;
  }

  healthPort(): number | undefined {
    const given = this.text('HEALTH_PORT');
    if (given === undefined) return undefined;
    if (/^\d{1,5}$/.test(given) && Number(given) >= 1 && Number(given) <= 65_535) {
      if (Number(given) !== Number(this.text('PORT') ?? 8000)) return Number(given);
      this.#problem('HEALTH_PORT', `"${given}" is the port of the service itself`, 'Choose another one, such as 8081.');
    } else {
      const cure = 'Set it to one, such as 8081, or remove it: the main port answers probes as well.';
      this.#problem('HEALTH_PORT', `"${given}" is not a port from 1 to 65535`, cure);
    }
    return undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const given = this.text(name);
    if (given === undefined) return fallback;
    const found = allowed.find((value) => value === given);
    if (found === undefined) this.#problem(name, `"${given}" is not known`, `Use one of ${allowed.join(', ')}.`);
    return found ?? fallback;
  }

  list(name: string): ReadonlySet<string> | undefined {
    const given = this.text(name);
    return given === undefined
      ? undefined
      : new Set(
          given
            .split(',')
            .map((part) => part.trim())
            .filter((part) => part !== ''),
        );
  }

  /** An address without credentials: those have variables of their own, which are secrets. */
  url(name: string, protocols: readonly string[], required: boolean): string | undefined {
    const given = this.text(name);
    if (given === undefined) {
      if (required) this.#problem(name, 'is not set', `Set it to the address, such as ${protocols[0]}//host:port.`);
      return undefined;
    }
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (!url || !protocols.includes(url.protocol) || url.hostname === '') {
      this.#problem(
        name,
        'is not a valid address',
        `Write it as ${protocols.map((protocol) => `${protocol}//host:port`).join(' or ')}.`,
      );
      return undefined;
    }
    if (url.username !== '' || url.password !== '') {
      this.#problem(name, 'holds credentials', 'Give user and password in the variables meant for them.');
      return undefined;
    }
    return given;
  }

  features(): FeatureSet {
    const { features, unknown } = parseFeatures(this.text('FEATURES'));
    for (const name of unknown)
      this.#problem('FEATURES', `"${name}" is no feature set`, `Use some of ${FEATURES.join(', ')}, comma separated.`);
    return features;
  }

  /** VECTOR_STORE where it is set, else the one that has an address. */
  vectors(required: boolean): VectorsConfig | undefined {
    const kinds = ['milvus', 'qdrant', 'postgres'] as const;
    const found = this.text('QDRANT_URL') !== undefined && this.text('MILVUS_URL') === undefined ? 'qdrant' : 'milvus';
    const kind = this.oneOf('VECTOR_STORE', kinds, found);
    switch (kind) {
      case 'milvus': {
        const url = this.url('MILVUS_URL', ['http:', 'https:', 'grpc:'], required);
        return url === undefined ? undefined : { kind, url };
      }
      case 'qdrant': {
        const url = this.url('QDRANT_URL', ['http:', 'https:'], required);
        return url === undefined ? undefined : { kind, url, apiKeyFile: this.text('QDRANT_API_KEY_FILE') };
      }
      case 'postgres':
        return { kind };
    }
  }

  redis(): Config['redis'] {
    const url = this.url('REDIS_URL', ['redis:', 'rediss:'], false);
    return url === undefined ? undefined : { url, password: this.text('REDIS_PASSWORD') };
  }

  postgres(required: boolean): Config['postgres'] {
    const url = this.url('POSTGRES_URL', ['postgresql:', 'postgres:'], required);
    const user = this.text('POSTGRES_USER');
    const password = this.text('POSTGRES_PASSWORD');
    if (url === undefined) return undefined;
    if (user === undefined) this.#problem('POSTGRES_USER', 'is not set', 'Set it to the database user.');
    if (password === undefined)
      this.#problem('POSTGRES_PASSWORD', 'is not set', 'Set it from the secret of the database.');
    const role = this.text('POSTGRES_ROLE');
    if (role !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(role))
      this.#problem('POSTGRES_ROLE', 'is not the name of a role', 'Use lower-case letters, digits and underscores.');
    return { url, user: user ?? '', password: password ?? '', role };
  }

  mcp(): ReadonlyMap<string, string> {
    const servers = new Map<string, string>();
    for (const name of Object.keys(this.#env).sort()) {
      const server = /^MCP_([A-Z0-9_]+)_URL$/.exec(name)?.[1];
      const url = server === undefined ? undefined : this.url(name, ['http:', 'https:'], false);
      if (server !== undefined && url !== undefined) servers.set(server.toLowerCase().replaceAll('_', '-'), url);
    }
    return servers;
  }

  providers(path: string | undefined, readFile: (path: string) => string | undefined): readonly ProviderConfig[] {
    const text = path === undefined ? undefined : readFile(path);
    if (text === undefined || text.trim() === '') return [];
    const { providers, problems } = parseProviders(text);
    for (const { path: field, problem, cure } of problems) this.#problem(`PROVIDERS_FILE${field}`, problem, cure);
    return providers;
  }

  policy(readFile: (path: string) => string | undefined): Policy {
    const { policy, problems } = readPolicyFile(this.text('POLICY_FILE'), readFile);
    for (const { path, problem, cure } of problems) this.#problem(`POLICY_FILE${path}`, problem, cure);
    return policy;
  }

  objectives(): Config['objectives'] {
    const { objectives, problems } = parseObjectives(this.text('SLO_OBJECTIVES'));
    for (const { path, problem, cure } of problems) this.#problem(`SLO_OBJECTIVES${path}`, problem, cure);
    return objectives;
  }

  #problem(path: string, problem: string, cure: string): void {
    this.problems.push({ path, problem, cure });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
