import type {
  BackupRetention,
  CallerIdentity,
  Feature,
  GpuName,
  ModelRuntime,
  Objective,
  OrchestratorPolicy,
  PostgresSchema,
  Provider,
  Recurrence,
  RolloutStrategy,
} from '../../constructs/index.ts';
import type { Capability, Scale } from '../environments.ts';
import type { WatchSpec } from './watches.ts';

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

/** Where something exists: by what the environment's cluster offers, or lacks. */
export type Where = { readonly has: Capability } | { readonly lacks: Capability };

/** How many replicas follow the load. */
export interface ScalingSpec {
  /** Name of the HorizontalPodAutoscaler. @default - the component's name */
  readonly name?: string;
  readonly min: number;
  readonly max: number;
  /** Use of the requested CPU that it aims at, in percent. */
  readonly cpuPercent: number;
  /** Use of the requested memory that it aims at, in percent. @default - memory does not count */
  readonly memoryPercent?: number;
  /** How long a load has to last before replicas are added, in seconds. @default 0 */
  readonly upAfter?: number;
  /** How long a lull has to last before replicas go, in seconds. @default 300 */
  readonly downAfter?: number;
}

interface Base {
  /** Name of the workload and of its service. */
  readonly name: string;
  readonly footprint: Readonly<Record<Scale, Footprint>>;
  /** @default - everywhere */
  readonly where?: Where;
  /** Names of parts of the workload that the guide uses. @default - each has the component's name */
  readonly names?: { readonly container?: string; readonly policy?: string };
  /** More services that lead to it. @default - none */
  readonly services?: readonly string[];
  /** How a new version takes the place of the old one. @default - pod by pod */
  readonly rollout?: RolloutStrategy;
}

/** A cache or queue. */
export interface RedisSpec extends Base {
  readonly kind: 'redis';
  readonly persistence: 'none' | 'rdb' | 'aof';
  readonly eviction: 'noeviction' | 'allkeys-lru' | 'volatile-lru' | 'volatile-ttl';
  /** What runs it, where it keeps nothing: procedures may name one of them. @default 'StatefulSet' */
  readonly controller?: 'StatefulSet' | 'Deployment';
  /** Secret of the configuration that holds the password. */
  readonly password: string;
}

/** A relational database, with time series where the environment can. */
export interface PostgresSpec extends Base {
  readonly kind: 'postgres';
  readonly database: string;
  /** At each scale, or at all of them: room for every client at its largest number of pods. */
  readonly maxConnections: number | Readonly<Record<Scale, number>>;
  /** Secrets of the configuration that hold the passwords. */
  readonly adminPassword: string;
  readonly password: string;
  /** Databases beside the application's. @default - none */
  readonly databases?: readonly string[];
  /** Roles that the application takes on for a part of its work. @default - none */
  readonly workRoles?: readonly string[];
  /** Roles beside the application's, each with the secret of the configuration that holds its password. @default - none */
  readonly roles?: readonly { readonly name: string; readonly password: string }[];
  /** @default - none but those that the application makes */
  readonly schemas?: readonly PostgresSchema[];
  /** Servers that follow it and can be read from, at each scale, and the secret of the configuration with which they do. @default - none */
  readonly readReplicas?: { readonly count: Readonly<Record<Scale, number>>; readonly password: string };
}

/** A vector database. */
export interface MilvusSpec extends Base {
  readonly kind: 'milvus';
  /** Collection to the model that fills it. */
  readonly collections: readonly { readonly name: string; readonly model: ModelName }[];
}

/** A vector database of another maker. */
export interface QdrantSpec extends Base {
  readonly kind: 'qdrant';
  /** Collection to the model that fills it. */
  readonly collections: readonly { readonly name: string; readonly model: ModelName }[];
  /** Secrets of the configuration that hold the keys. */
  readonly apiKey: string;
  readonly readOnlyApiKey: string;
  /** Peers at each scale. */
  readonly peers: Readonly<Record<Scale, number>>;
}

/** Models that the platforms know: {@link models} in components/models.ts has them. */
export type ModelName = 'all-minilm-l6-v2' | 'qwen2.5-7b-instruct' | 'llama-3.2-3b-instruct';

/** A model to serve, and where its weights come from. */
export interface ServedSpec {
  readonly model: ModelName;
  readonly from: /** The image `model-<name>`. */
    | 'image'
    /** The folder of its name in the environment's bucket of models. */
    | 'bucket'
    /** Ollama's own library. */
    | { readonly ollama: string };
}

/** A server of models. */
export interface ModelServerSpec extends Base {
  readonly kind: 'model-server';
  readonly runtime: ModelRuntime;
  readonly models: readonly ServedSpec[];
  /** GPUs of each replica: of a pool that the environment has. @default - the CPU */
  readonly gpu?: { readonly type: GpuName; readonly count: number };
  /** @default - the runtime's own */
  readonly port?: number;
  /** What clients have to show: the secret of the configuration, the Secret and the key in it. @default - nothing */
  readonly auth?: { readonly secret: string; readonly name: string; readonly key: string };
  /** @default - the environment's number of replicas */
  readonly scaling?: ScalingSpec;
  /** @default - the environment's */
  readonly replicas?: number;
}

/** A server of tools for agents. */
export interface McpServerSpec extends Base {
  readonly kind: 'mcp-server';
  readonly tools: 'filesystem' | 'git' | 'memory';
}

/** A provider of language models. */
export interface ProviderSpec
  extends Pick<
    Provider,
    | 'name'
    | 'kind'
    | 'tier'
    | 'models'
    | 'answerModel'
    | 'timeouts'
    | 'maxInFlight'
    | 'dropParameters'
    | 'forwardHeaders'
  > {
  /** @default - everywhere */
  readonly where?: Where;
  /** A component, with its port, or an address outside. */
  readonly at: { readonly component: string; readonly port: string } | { readonly url: string };
  /** Its key: the secret of the configuration, and the key of the Secret that holds it. @default - none is needed */
  readonly key?: { readonly secret: string; readonly name: string };
}

/** What an operator decides about callers, and in which environments. */
export interface PolicySpec extends Omit<OrchestratorPolicy, 'anonymous'> {
  /**
   * Who is behind a request without a token. Refused at synth where a gateway leads the public to the component.
   * @default - nobody
   */
  readonly anonymous?: CallerIdentity & {
    /** @default - everywhere */
    readonly where?: Where;
  };
}

/** The gateway, and what else the same service is switched on for. */
export interface OrchestratorSpec extends Base {
  readonly kind: 'orchestrator';
  readonly features: readonly Feature[];
  /** @default - it embeds nothing */
  readonly embedding?: { readonly model: ModelName; readonly collection: string };
  /** Caller to the secret of the configuration that holds its token. */
  readonly tokens: Readonly<Record<string, string>>;
  /** @default - none: answers are extractive */
  readonly providers?: readonly ProviderSpec[];
  /** Limits, budgets, cache, and who the callers are. @default - the service's own */
  readonly policy?: PolicySpec;
  /** What endpoints promise, by the pattern of the route. @default - the service's own */
  readonly objectives?: Readonly<Record<string, Objective>>;
  /** Names of its Secrets that the guide uses. @default - `<name>-tokens`, `<name>-keys` */
  readonly secretNames?: { readonly tokens?: string; readonly keys?: string };
  /** More numbers of its service's port, by name. @default - 8000 alone */
  readonly ports?: Readonly<Record<string, number>>;
  /** @default - the environment's number of replicas */
  readonly scaling?: ScalingSpec;
  /** Role of the database that it works as. @default - the one that it logs in as */
  readonly role?: string;
  /** Runs on capacity that may be taken away, where there is some. @default false */
  readonly spot?: boolean;
  /** @default - the environment's */
  readonly replicas?: number;
}

/** Answers in place of a language model, always the same to the same question: for clusters that have none. */
export interface LlmStandInSpec extends Base {
  readonly kind: 'llm-stand-in';
  /** Names under which it answers. */
  readonly models: readonly string[];
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
  /** Thresholds of the platform's guide. Those of components that an environment does not have count for nothing there. @default - none */
  readonly watches?: readonly WatchSpec[];
}

/** A registry of models, and of the runs that made them. */
export interface MlflowSpec extends Base {
  readonly kind: 'mlflow';
  /** The component that is its PostgreSQL, and the database in it. */
  readonly postgres: string;
  readonly database: string;
  /** Processes of each pod, at each scale. */
  readonly workers: Readonly<Record<Scale, number>>;
}

/** Where backups and their drills leave what they measured. */
export interface BackupMetricsSpec extends Base {
  readonly kind: 'backup-metrics';
}

/** Pictures of the metrics. */
export interface GrafanaSpec extends Base {
  readonly kind: 'grafana';
  /** Secret of the configuration that holds the password of the user `admin`. */
  readonly password: string;
}

/** Metrics of a component that has none of its own. */
export interface ExporterSpec extends Base {
  readonly kind: 'exporter';
  /** A component of the kind `redis` or `postgres`. */
  readonly of: string;
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
  | LlmStandInSpec
  | QdrantSpec
  | BackupMetricsSpec
  | MlflowSpec
  | PrometheusSpec
  | GrafanaSpec
  | ExporterSpec
  | AlertmanagerSpec;

/** A connection that the platform declares: nothing else is open. */
export interface ConnectionSpec {
  readonly from: string;
  readonly to: string;
  /** Name of the target's port. */
  readonly port: string;
  /** Variable with the URL. @default - `<TO>_URL` */
  readonly env?: string;
  /** @default - everywhere that has both ends */
  readonly where?: Where;
  /** Whether `from` starts after `to`. @default true */
  readonly order?: boolean;
}

/** A way in from outside. */
export interface GatewaySpec {
  readonly name: string;
  /** Host name in production; other environments have it below their own domain. @default - the platform's name below the domain */
  readonly host?: string;
  readonly routes: readonly {
    /** Component and its port. */
    readonly to: string;
    readonly port: string;
    /** Beginning of the path. @default '/' */
    readonly path?: string;
  }[];
  /** Requests of one client in a minute. @default - the services limit by user alone */
  readonly perMinute?: number;
}

/** What is backed up of a namespace, and what that promises. It needs a component of the kind `backup-metrics`, and the environment's buckets. */
export interface BackupSpec {
  /** Components of the kinds `postgres` (all its databases), `redis`, `qdrant` and `milvus`. */
  readonly sources: readonly string[];
  readonly schedule: Recurrence;
  /** When the newest backup is restored, and checked. */
  readonly drill: Recurrence;
  readonly retention: BackupRetention;
  /** Minutes of which data may be lost, and within which it can be used again. */
  readonly recoveryPointMinutes: number;
  readonly recoveryTimeMinutes: number;
  /** Room for one backup at each scale, in GiB. */
  readonly workspace: Readonly<Record<Scale, number>>;
}

/** A namespace with what runs in it. */
export interface NamespaceSpec {
  readonly name: string;
  /** Name of the policy that closes it. @default 'default-deny' */
  readonly isolationPolicy?: string;
  /** Where the environment has buckets. @default - nothing is backed up */
  readonly backup?: BackupSpec;
  /** Where names in the public DNS lead to the cluster. @default - nothing leads into the namespace */
  readonly gateway?: GatewaySpec;
  /** Names in it that stand for components of other namespaces: name to component. @default - none */
  readonly aliases?: Readonly<Record<string, string>>;
  /** In any order: connections decide what starts first. */
  readonly components: readonly ComponentSpec[];
}

/** What a person opens. */
export interface EntrySpec {
  readonly component: string;
  /** Port on this machine, and of the service. */
  readonly port: number;
  readonly what: string;
  /** Name of its relay: `npm start -- --port <name>=<port>`. @default - the component's name */
  readonly name?: string;
}

/** A request that a platform that works answers in a known way. */
export interface CheckSpec {
  /** What it shows. */
  readonly what: string;
  /** Component of the entry that it goes to. */
  readonly component: string;
  /** @default 'GET' */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** @default - none */
  readonly body?: unknown;
  /** Text that the answer contains. @default - any */
  readonly has?: string;
  /** @default 200 */
  readonly status?: number;
}

/** An AI platform: data only. What an environment changes about it stands in the environment. */
export interface Platform {
  readonly name: string;
  readonly description: string;
  readonly namespaces: readonly NamespaceSpec[];
  readonly connections: readonly ConnectionSpec[];
  /** What its guide names that an environment may have in another form: components of the environments' replacements. */
  readonly replaceable: readonly string[];
  /** What a person opens, by component. */
  readonly entries: readonly EntrySpec[];
  /** What is asked of it after a start. */
  readonly checks: readonly CheckSpec[];
  /** Secrets that the stack's configuration has to hold, by name. */
  readonly secrets: readonly string[];
  /** Secrets beyond those, for what only environments with a store of secrets have: nobody has to make them up elsewhere. @default - none */
  readonly storedSecrets?: readonly string[];
}
