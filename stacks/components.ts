import type { Construct } from 'constructs';
import {
  type AlertGroup,
  Alertmanager,
  Autoscaling,
  allMiniLmL6V2,
  apiAlerts,
  BackupMetrics,
  type Connectable,
  type Connections,
  Cpu,
  Duration,
  dependencyAlerts,
  type EmbeddingModel,
  type GpuRequest,
  Grafana,
  type Images,
  LlmStandIn,
  llama32With3B,
  McpServer,
  Milvus,
  type MilvusObjects,
  Mlflow,
  type Model,
  ModelServer,
  type ModelSource,
  Orchestrator,
  type OrchestratorProps,
  Postgres,
  PostgresExporter,
  type PostgresProps,
  type PostgresSetup,
  type Priority,
  type PriorityClasses,
  Prometheus,
  Qdrant,
  qwen25With7B,
  Redis,
  RedisExporter,
  type Resources,
  Rollout,
  ServiceAlias,
  Size,
  type Storage,
  WiringError,
  watchAlerts,
} from '../constructs/index.ts';
import { milvusObjects } from './backups.ts';
import { bucketFor, grantFor } from './buckets-of-pods.ts';
import { policyIn } from './caller-policy.ts';
import { addressesOf } from './cluster-watchers.ts';
import type { Environment } from './environments.ts';
import type {
  ComponentSpec,
  ExporterSpec,
  Footprint,
  MlflowSpec,
  ModelName,
  ModelServerSpec,
  OrchestratorSpec,
  PostgresSpec,
  PrometheusSpec,
  QdrantSpec,
  ScalingSpec,
  ServedSpec,
} from './platforms/platform.ts';
import { internet, providersOf } from './providers.ts';

/** What the components of a platform are made with. */
export interface Surroundings {
  /** Name of the platform. */
  readonly platform: string;
  readonly environment: Environment;
  readonly images: Images;
  readonly connections: Connections;
  readonly priorities: PriorityClasses;
  /** Value of a secret of the configuration, or the token that stands for it. */
  readonly secret: (name: string) => string;
  /** Alerts on what is no component. */
  readonly alerts: readonly AlertGroup[];
  /** Components that exist already, by name. */
  readonly made: ReadonlyMap<string, Connectable>;
}

const models: Readonly<Record<ModelName, Model>> = {
  'all-minilm-l6-v2': allMiniLmL6V2,
  'qwen2.5-7b-instruct': qwen25With7B,
  'llama-3.2-3b-instruct': llama32With3B,
};

/** Makes one component as the environment has it. Platforms say what, environments how big and in which form. */
export function makeComponent(scope: Construct, spec: ComponentSpec, around: Surroundings): Connectable {
  const made = makeBare(scope, spec, around);
  for (const name of spec.services ?? []) new ServiceAlias(scope, `${spec.name}-${name}`, { name, target: made });
  if ('scaling' in spec && spec.scaling) scale(scope, made, spec.scaling);
  return spec.rollout ? new Rollout(scope, `${spec.name}-rollout`, { target: made, strategy: spec.rollout }) : made;
}

function makeBare(scope: Construct, spec: ComponentSpec, around: Surroundings): Connectable {
  const { environment, images, connections, secret } = around;
  const footprint = spec.footprint[environment.scale];
  const common = {
    name: spec.name,
    images,
    resources: resourcesOf(footprint),
    priorityClass: around.priorities.name(priorityOf(spec)),
    ...(spec.names && { names: spec.names }),
  };
  const storage = () => storageOf(spec, footprint, environment);
  switch (spec.kind) {
    case 'redis':
      return new Redis(scope, spec.name, {
        ...common,
        password: secret(spec.password),
        eviction: spec.eviction,
        persistence: spec.persistence === 'none' ? { kind: 'none' } : { kind: spec.persistence, ...storage() },
        topology: { kind: 'single', ...(spec.controller && { controller: spec.controller }) },
      });
    case 'postgres':
      return new Postgres(scope, spec.name, {
        ...common,
        storage: storage(),
        adminPassword: secret(spec.adminPassword),
        password: secret(spec.password),
        database: spec.database,
        maxConnections: spec.maxConnections,
        connections,
        ...(spec.workRoles && { workRoles: spec.workRoles }),
        setup: setupOf(spec, secret),
        ...readersOf(spec, environment, secret),
        timescale: environment.capabilities.has('timescaledb') ? 'extension' : 'native-partitions',
      });
    case 'milvus':
      return new Milvus(scope, spec.name, {
        ...common,
        connections,
        storage: storage(),
        collections: spec.collections.map(({ name, model }) => ({ name, dimension: embedding(model).dimension })),
        mode: environment.capabilities.has('milvusStandalone')
          ? { kind: 'standalone', metadata: { kind: 'embedded' }, objects: objectsOf(around) }
          : { kind: 'lite' },
      });
    case 'model-server':
      return new ModelServer(scope, spec.name, {
        ...common,
        runtime: spec.runtime,
        models: spec.models.map((served) => ({
          model: models[served.model],
          source: sourceOf(served, spec.models, around),
        })),
        cache: { kind: 'scratch', size: storage().size },
        replicas: replicasOf(spec, environment),
        ...(spec.port !== undefined && { port: spec.port }),
        ...(spec.gpu && { variant: { kind: 'gpu', ...gpuOn(spec, environment) } }),
        ...(spec.auth && {
          auth: { token: secret(spec.auth.secret), secret: spec.auth.name, key: spec.auth.key },
        }),
      });
    case 'qdrant':
      return makeQdrant(scope, spec, common, storage(), around);
    case 'mcp-server':
      return new McpServer(scope, spec.name, { ...common, tools: spec.tools, data: { kind: 'claim', ...storage() } });
    case 'orchestrator':
      return makeOrchestrator(scope, spec, common, around);
    case 'llm-stand-in':
      return new LlmStandIn(scope, spec.name, { ...common, models: spec.models });
    case 'alertmanager':
      return new Alertmanager(scope, spec.name, { ...common, connections, storage: storage(), receivers: [] });
    case 'backup-metrics':
      return new BackupMetrics(scope, spec.name, { ...common, storage: storage() });
    case 'mlflow':
      return makeMlflow(scope, spec, common, storage(), around);
    case 'grafana':
      return new Grafana(scope, spec.name, {
        ...common,
        connections,
        storage: storage(),
        adminPassword: secret(spec.password),
        prometheus: prometheusIn(around.made, spec.name),
      });
    case 'exporter':
      return makeExporter(scope, spec, common, around);
    case 'prometheus':
      return new Prometheus(scope, spec.name, {
        ...common,
        connections,
        storage: storage(),
        retention: Duration.days(environment.metricsRetentionDays),
        targets: [...around.made.values()].filter(hasMetrics),
        ...kubeletsOf(around),
        ...alertingOf(spec, around),
      });
  }
}

/** CPU and memory of each container, where the kubelets can be asked. */
function kubeletsOf({ environment, made }: Surroundings) {
  const addresses = addressesOf(environment);
  const namespaces = [...new Set([...made.values()].map(({ workload }) => workload.namespace.name))];
  return addresses === undefined ? {} : { kubelets: { addresses, namespaces } };
}

interface Common {
  readonly name: string;
  readonly images: Images;
  readonly resources: Resources;
}

function makeQdrant(
  scope: Construct,
  spec: QdrantSpec,
  common: Common,
  storage: Storage,
  { environment, connections, secret }: Surroundings,
): Qdrant {
  const peers = spec.peers[environment.scale];
  return new Qdrant(scope, spec.name, {
    ...common,
    connections,
    storage,
    apiKey: secret(spec.apiKey),
    readOnlyApiKey: secret(spec.readOnlyApiKey),
    snapshots: { kind: 'claim', ...storage },
    topology:
      peers === 1
        ? { kind: 'single' }
        : {
            kind: 'distributed',
            peers,
            ...(environment.capabilities.has('certManager') && {
              tls: { name: 'keelson-internal', kind: 'ClusterIssuer' },
            }),
          },
    collections: spec.collections.map(({ name, model }) => ({ name, dimension: embedding(model).dimension })),
  });
}

/** Servers to read from, where the scale asks for some. */
function readersOf(
  { readReplicas }: PostgresSpec,
  { scale }: Environment,
  secret: (name: string) => string,
): Partial<Pick<PostgresProps, 'form' | 'replicationPassword'>> {
  const count = readReplicas?.count[scale] ?? 0;
  if (readReplicas === undefined || count === 0) return {};
  const form = { kind: 'statefulset', readReplicas: count } as const;
  return { form, replicationPassword: secret(readReplicas.password) };
}

/** Segments of Milvus lie in a bucket where there is one: from there they can be backed up. */
function objectsOf({ platform, environment }: Surroundings): MilvusObjects {
  if (environment.buckets === undefined) return { kind: 'volume' };
  const { bucket, prefix, region, access, at } = milvusObjects(platform, environment);
  return {
    kind: 's3',
    host: `s3.${region}.amazonaws.com`,
    bucket,
    ...(prefix !== undefined && { prefix }),
    region,
    access,
    at,
  };
}

/** What the server has beside the application's database. Slow statements can be found everywhere. */
function setupOf(spec: PostgresSpec, secret: (name: string) => string): PostgresSetup {
  return {
    databases: spec.databases ?? [],
    roles: (spec.roles ?? []).map(({ name, password }) => ({ name, password: secret(password) })),
    schemas: spec.schemas ?? [],
    extensions: ['pg_stat_statements'],
  };
}

function makeMlflow(
  scope: Construct,
  spec: MlflowSpec,
  common: Common,
  storage: Storage,
  { environment, connections, made, platform }: Surroundings,
): Mlflow {
  const postgres = made.get(spec.postgres);
  if (!(postgres instanceof Postgres)) {
    throw new Error(`${spec.name}.postgres is "${spec.postgres}": it is no component of the kind "postgres"; name one`);
  }
  return new Mlflow(scope, spec.name, {
    ...common,
    connections,
    postgres,
    database: spec.database,
    workers: spec.workers[environment.scale],
    artifacts:
      environment.buckets === undefined
        ? { kind: 'claim', ...storage }
        : { kind: 's3', ...bucketFor(platform, environment, { purpose: 'models', prefix: 'mlflow', use: 'write' }) },
  });
}

function makeExporter(
  scope: Construct,
  spec: ExporterSpec,
  common: Common,
  { connections, made }: Surroundings,
): Connectable {
  const target = made.get(spec.of);
  if (target instanceof Redis) return new RedisExporter(scope, spec.name, { ...common, connections, target });
  if (target instanceof Postgres) return new PostgresExporter(scope, spec.name, { ...common, connections, target });
  throw new Error(`${spec.name}.of is "${spec.of}": there is an exporter for redis and postgres; name one of these`);
}

function prometheusIn(made: ReadonlyMap<string, Connectable>, wanted: string): Prometheus {
  const found = [...made.values()].find((component) => component instanceof Prometheus);
  if (found) return found;
  throw new Error(`${wanted} shows what Prometheus has: add one to the platform`);
}

/** How much a component matters when nodes run out. */
function priorityOf({ kind }: ComponentSpec): Priority {
  switch (kind) {
    case 'redis':
    case 'postgres':
    case 'milvus':
    case 'qdrant':
      return 'data';
    case 'prometheus':
    case 'alertmanager':
    case 'grafana':
    case 'exporter':
      return 'monitoring';
    default:
      return 'serving';
  }
}

function makeOrchestrator(
  scope: Construct,
  spec: OrchestratorSpec,
  common: Common,
  { environment, connections, secret, made }: Surroundings,
): Orchestrator {
  const providers = providersOf(spec, environment, made, secret);
  const policy = policyIn(spec, environment);
  const orchestrator = new Orchestrator(scope, spec.name, {
    ...common,
    features: spec.features,
    tokens: Object.fromEntries(Object.entries(spec.tokens).map(([caller, name]) => [caller, secret(name)])),
    replicas: replicasOf(spec, environment),
    ...(spec.embedding && {
      embedding: {
        model: embedding(spec.embedding.model),
        // As long as the vectors that the model makes: a collection is made by the one who fills it.
        collection: { name: spec.embedding.collection, dimension: embedding(spec.embedding.model).dimension },
      },
    }),
    ...(providers.length > 0 && { providers: { connections, list: providers.map(({ provider }) => provider) } }),
    ...(policy && { policy }),
    ...(spec.objectives && { objectives: spec.objectives }),
    ...vectorKeyOf(made),
    ...(spec.secretNames && { secretNames: spec.secretNames }),
    ...(spec.ports && { portAliases: spec.ports }),
    ...(spec.role !== undefined && { databaseRole: spec.role }),
    ...(spec.spot === true && environment.spot && { placement: environment.spot }),
  });
  for (const { target } of providers) {
    const component = target && made.get(target.component);
    if (component) connections.connect(orchestrator, component, target.port, { env: false });
  }
  return orchestrator;
}

function scale(scope: Construct, target: Connectable, spec: ScalingSpec): void {
  new Autoscaling(scope, `${target.workload.name}-scaling`, {
    target,
    min: spec.min,
    max: spec.max,
    metrics: [
      { kind: 'cpu', percent: spec.cpuPercent },
      ...(spec.memoryPercent === undefined ? [] : [{ kind: 'memory', percent: spec.memoryPercent } as const]),
    ],
    up: { stabilisation: Duration.seconds(spec.upAfter ?? 0) },
    down: { stabilisation: Duration.seconds(spec.downAfter ?? 300) },
    ...(spec.name !== undefined && { name: spec.name }),
  });
}

function replicasOf(spec: OrchestratorSpec | ModelServerSpec, environment: Environment): number {
  return spec.scaling?.min ?? spec.replicas ?? environment.replicas;
}

/** The key of the Qdrant that the platform has, if any. */
function vectorKeyOf(made: ReadonlyMap<string, Connectable>): Pick<OrchestratorProps, 'vectorKey'> {
  const qdrant = [...made.values()].find((component) => component instanceof Qdrant);
  const credentials = qdrant?.workload.ports.http.credentials;
  const key = credentials?.forClients.API_KEY;
  return credentials === undefined || key === undefined ? {} : { vectorKey: { credentials, key } };
}

/** The model, which has to make vectors. */
function embedding(name: ModelName): EmbeddingModel {
  const model = models[name];
  if (model.kind === 'embedding') return model;
  throw new Error(`"${name}" makes no vectors: use a model of the kind "embedding"`);
}

/** The pool with the GPU that a model server asks for. */
function gpuOn({ name, gpu }: ModelServerSpec, environment: Environment): GpuRequest {
  if (gpu === undefined) throw new Error(`${name}.gpu is missing`);
  const pool = environment.gpuPools.find((each) => each.gpu === gpu.type);
  if (pool === undefined) {
    const known = environment.gpuPools.map((each) => `${each.name} with ${each.gpu}`).join(', ') || 'none';
    throw new WiringError(`${name}.${environment.name}`, {
      path: `${name}.gpu.type`,
      value: gpu.type,
      cure: `no pool of "${environment.name}" has it (there is ${known}); use one that there is, or add a pool`,
    });
  }
  return { ...gpu, pool };
}

function sourceOf(
  { model, from }: ServedSpec,
  all: readonly ServedSpec[],
  { environment, images, platform }: Surroundings,
): ModelSource {
  if (from === 'image') return { kind: 'image', image: images.get(`model-${imageModel(model)}`) };
  if (from !== 'bucket') return { kind: 'ollama', model: from.ollama, at: internet };
  if (environment.buckets === undefined) {
    throw new Error(`models.${model}.from is "bucket": "${environment.name}" has no buckets; use an image`);
  }
  // All models of a server are fetched by the pods of one service account.
  const also = all
    .filter((each) => each.from === 'bucket')
    .map((each) => grantFor(platform, environment, { purpose: 'models', prefix: each.model, use: 'read' }));
  return { kind: 's3', ...bucketFor(platform, environment, { purpose: 'models', prefix: model, use: 'read', also }) };
}

/** Models that come as an image. */
function imageModel(name: ModelName): 'all-minilm-l6-v2' {
  if (name === 'all-minilm-l6-v2') return name;
  throw new Error(`models.${name}.from is "image": there is no such image; use "bucket"`);
}

function hasMetrics({ workload }: Connectable): boolean {
  return Object.values(workload.ports).some(({ metrics }) => metrics !== undefined);
}

function alertingOf(spec: PrometheusSpec, { made, alerts }: Surroundings) {
  const alertmanager = [...made.values()].find((component) => component instanceof Alertmanager);
  return {
    alerts: [
      ...alerts,
      ...spec.promises.flatMap(({ component, errorRatio, p95Seconds, dependencies }) => [
        apiAlerts({ job: component, errorRatio, p95Seconds }),
        dependencyAlerts(component, dependencies),
      ]),
      ...watchAlerts(
        (spec.watches ?? []).flatMap(({ component, ...watch }) => {
          const target = made.get(component);
          return target === undefined ? [] : [{ ...watch, target }];
        }),
      ),
    ],
    ...(alertmanager !== undefined && { alertmanager }),
  };
}

function resourcesOf({ cpu, memory, memoryLimit }: Footprint) {
  return {
    cpu: { request: Cpu.millis(cpu) },
    memory: { request: Size.mebibytes(memory), limit: Size.mebibytes(memoryLimit) },
  };
}

function storageOf({ name }: ComponentSpec, { storage }: Footprint, { scale, storageClass }: Environment) {
  if (storage === undefined) {
    throw new Error(`${name}.footprint.${scale}.storage is missing: "${name}" keeps data, so give it a size in GiB`);
  }
  return { size: Size.gibibytes(storage), ...(storageClass !== undefined && { storageClass }) };
}
