import type { Construct } from 'constructs';
import {
  Alertmanager,
  allMiniLmL6V2,
  apiAlerts,
  type Connectable,
  type Connections,
  Cpu,
  Duration,
  dependencyAlerts,
  type EmbeddingModel,
  type Images,
  McpServer,
  Milvus,
  ModelServer,
  Orchestrator,
  Postgres,
  Prometheus,
  Redis,
  Size,
} from '../constructs/index.ts';
import type { Environment } from './environments.ts';
import type { ComponentSpec, Footprint, ModelName, PrometheusSpec } from './platforms/platform.ts';

/** What the components of a platform are made with. */
export interface Surroundings {
  readonly environment: Environment;
  readonly images: Images;
  readonly connections: Connections;
  /** Value of a secret of the configuration, or the token that stands for it. */
  readonly secret: (name: string) => string;
  /** Components that exist already, by name. */
  readonly made: ReadonlyMap<string, Connectable>;
}

const models: Readonly<Record<ModelName, EmbeddingModel>> = { 'all-minilm-l6-v2': allMiniLmL6V2 };

/** Makes one component as the environment has it. Platforms say what, environments how big and in which form. */
export function makeComponent(scope: Construct, spec: ComponentSpec, around: Surroundings): Connectable {
  const { environment, images, connections, secret } = around;
  const footprint = spec.footprint[environment.scale];
  const common = { name: spec.name, images, resources: resourcesOf(footprint) };
  const storage = () => storageOf(spec, footprint, environment);
  switch (spec.kind) {
    case 'redis':
      return new Redis(scope, spec.name, {
        ...common,
        password: secret(spec.password),
        eviction: spec.eviction,
        persistence: spec.persistence === 'none' ? { kind: 'none' } : { kind: spec.persistence, ...storage() },
      });
    case 'postgres':
      return new Postgres(scope, spec.name, {
        ...common,
        storage: storage(),
        adminPassword: secret(spec.adminPassword),
        password: secret(spec.password),
        database: spec.database,
        maxConnections: spec.maxConnections,
        timescale: environment.capabilities.has('timescaledb') ? 'extension' : 'native-partitions',
      });
    case 'milvus':
      return new Milvus(scope, spec.name, {
        ...common,
        connections,
        storage: storage(),
        collections: spec.collections.map(({ name, model }) => ({ name, dimension: models[model].dimension })),
        mode: environment.capabilities.has('milvusStandalone')
          ? { kind: 'standalone', metadata: { kind: 'embedded' }, objects: { kind: 'volume' } }
          : { kind: 'lite' },
      });
    case 'model-server':
      return new ModelServer(scope, spec.name, {
        ...common,
        runtime: { kind: spec.runtime, maxQueue: spec.maxQueue },
        models: spec.models.map((name) => ({
          model: models[name],
          source: { kind: 'image', image: images.get(`model-${name}`) },
        })),
        cache: { kind: 'scratch', size: storage().size },
        replicas: environment.replicas,
      });
    case 'mcp-server':
      return new McpServer(scope, spec.name, { ...common, tools: spec.tools, data: { kind: 'claim', ...storage() } });
    case 'orchestrator':
      return new Orchestrator(scope, spec.name, {
        ...common,
        features: spec.features,
        tokens: Object.fromEntries(Object.entries(spec.tokens).map(([caller, name]) => [caller, secret(name)])),
        embedding: {
          model: models[spec.embedding.model],
          // As long as the vectors that the model makes: a collection is made by the one who fills it.
          collection: { name: spec.embedding.collection, dimension: models[spec.embedding.model].dimension },
        },
        replicas: environment.replicas,
      });
    case 'alertmanager':
      return new Alertmanager(scope, spec.name, { ...common, connections, storage: storage(), receivers: [] });
    case 'prometheus':
      return new Prometheus(scope, spec.name, {
        ...common,
        connections,
        storage: storage(),
        retention: Duration.days(environment.metricsRetentionDays),
        targets: [...around.made.values()].filter(hasMetrics),
        ...alertingOf(spec, around.made),
      });
  }
}

function hasMetrics({ workload }: Connectable): boolean {
  return Object.values(workload.ports).some(({ metrics }) => metrics !== undefined);
}

function alertingOf(spec: PrometheusSpec, made: ReadonlyMap<string, Connectable>) {
  const alertmanager = [...made.values()].find((component) => component instanceof Alertmanager);
  return {
    alerts: spec.promises.flatMap(({ component, errorRatio, p95Seconds, dependencies }) => [
      apiAlerts({ job: component, errorRatio, p95Seconds }),
      dependencyAlerts(component, dependencies),
    ]),
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
