import type { Scale } from '../environments.ts';

/** What a component takes at one scale. */
export interface Footprint {
  /** CPU requested, in thousandths of a core. */
  readonly cpu: number;
  /** Memory requested, in MiB. */
  readonly memory: number;
  /** Memory that may not be exceeded, in MiB. */
  readonly memoryLimit: number;
  /** Volume, in GiB. @default - the component keeps nothing */
  readonly storage?: number;
}

interface Base {
  /** Name of the workload and of its service. */
  readonly name: string;
  readonly footprint: Readonly<Record<Scale, Footprint>>;
}

/** A cache or queue. */
export interface RedisSpec extends Base {
  readonly kind: 'redis';
  readonly persistence: 'none' | 'rdb' | 'aof';
  readonly eviction: 'noeviction' | 'allkeys-lru' | 'volatile-lru' | 'volatile-ttl';
  /** Secret of the configuration that holds the password. */
  readonly password: string;
}

/** A relational database, with time series where the environment can. */
export interface PostgresSpec extends Base {
  readonly kind: 'postgres';
  readonly database: string;
  readonly maxConnections: number;
  /** Secrets of the configuration that hold the passwords. */
  readonly adminPassword: string;
  readonly password: string;
}

/** A vector database. */
export interface MilvusSpec extends Base {
  readonly kind: 'milvus';
  /** Collection to the model that fills it. */
  readonly collections: readonly { readonly name: string; readonly model: ModelName }[];
}

/** Models that the platforms know. */
export type ModelName = 'all-minilm-l6-v2';

/** A server of models. */
export interface ModelServerSpec extends Base {
  readonly kind: 'model-server';
  readonly runtime: 'inference';
  readonly models: readonly ModelName[];
  /** Requests that wait at most; more are refused. */
  readonly maxQueue: number;
}

/** A server of tools for agents. */
export interface McpServerSpec extends Base {
  readonly kind: 'mcp-server';
  readonly tools: 'filesystem' | 'git' | 'memory';
}

/** The gateway. */
export interface OrchestratorSpec extends Base {
  readonly kind: 'orchestrator';
  readonly features: readonly ('gateway' | 'rag')[];
  readonly embedding: { readonly model: ModelName; readonly collection: string };
  /** Caller to the secret of the configuration that holds its token. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** What a component promises to its clients. An alert watches each part. */
export interface PromiseSpec {
  readonly component: string;
  /** Share of requests that may fail, 0 to 1. */
  readonly errorRatio: number;
  /** The 95th percentile of the answer time, in seconds. */
  readonly p95Seconds: number;
  /** What it cannot work without, as its own health report names it. */
  readonly dependencies: readonly string[];
}

/** Metrics of every component that has any, and the alerts on them. */
export interface PrometheusSpec extends Base {
  readonly kind: 'prometheus';
  readonly promises: readonly PromiseSpec[];
}

/** Where alerts go. */
export interface AlertmanagerSpec extends Base {
  readonly kind: 'alertmanager';
}

/** One component of a platform. */
export type ComponentSpec =
  | RedisSpec
  | PostgresSpec
  | MilvusSpec
  | ModelServerSpec
  | McpServerSpec
  | OrchestratorSpec
  | PrometheusSpec
  | AlertmanagerSpec;

/** A connection that the platform declares: nothing else is open. */
export interface ConnectionSpec {
  readonly from: string;
  readonly to: string;
  /** Name of the target's port. */
  readonly port: string;
  /** Whether `from` starts after `to`. @default true */
  readonly order?: boolean;
}

/** A namespace with what runs in it. */
export interface NamespaceSpec {
  readonly name: string;
  /** In any order: connections decide what starts first. */
  readonly components: readonly ComponentSpec[];
}

/** An AI platform: data only. What an environment changes about it stands in the environment. */
export interface Platform {
  readonly name: string;
  readonly description: string;
  readonly namespaces: readonly NamespaceSpec[];
  readonly connections: readonly ConnectionSpec[];
  /** What a person opens, by component. */
  readonly entries: readonly { readonly component: string; readonly port: number; readonly what: string }[];
  /** Secrets that the stack's configuration has to hold, by name. */
  readonly secrets: readonly string[];
}
