import {
  Alertmanager,
  allMiniLmL6V2,
  apiAlerts,
  dependencyAlerts,
  McpServer,
  Milvus,
  ModelServer,
  Orchestrator,
  Postgres,
  Prometheus,
  Redis,
  Size,
} from '../../constructs/index.ts';
import { type Bench, bench, small } from './manifests.ts';

/** All components of first light, wired as the platform wires them. */
export function ragPlatform(): Bench & ReturnType<typeof components> {
  const on = bench('multi-agent-rag');
  return { ...on, ...components(on) };
}

function components({ namespace, images, connections }: Bench) {
  const storage = { size: Size.gibibytes(1) };
  const base = { images, resources: small };
  const redis = new Redis(namespace, 'redis', { ...base, password: 'p1', persistence: { kind: 'aof', ...storage } });
  const postgres = new Postgres(namespace, 'postgres', {
    ...base,
    storage,
    adminPassword: 'p2',
    password: 'p3',
    timescale: 'native-partitions',
  });
  const milvus = new Milvus(namespace, 'milvus', {
    ...base,
    storage,
    mode: { kind: 'lite' },
    collections: [{ name: 'passages', dimension: 384 }],
    connections,
  });
  const inference = new ModelServer(namespace, 'inference', {
    ...base,
    runtime: { kind: 'inference' },
    models: [{ model: allMiniLmL6V2, source: { kind: 'image', image: images.get('model-all-minilm-l6-v2') } }],
    cache: { kind: 'scratch', size: Size.mebibytes(256) },
  });
  const mcp = (['filesystem', 'git', 'memory'] as const).map(
    (tools) => new McpServer(namespace, `mcp-${tools}`, { ...base, tools, data: { kind: 'claim', ...storage } }),
  );
  const orchestrator = new Orchestrator(namespace, 'orchestrator', {
    ...base,
    features: ['gateway', 'rag'],
    tokens: { cli: 't1' },
    embedding: { model: allMiniLmL6V2, collection: { name: 'passages', dimension: 384 } },
  });
  connections.connect(orchestrator, redis, 'redis');
  connections.connect(orchestrator, postgres, 'postgres');
  connections.connect(orchestrator, milvus, 'grpc');
  connections.connect(orchestrator, inference, 'http');
  for (const server of mcp) connections.connect(orchestrator, server, 'http');
  const alertmanager = new Alertmanager(namespace, 'alertmanager', { ...base, storage, receivers: [], connections });
  const prometheus = new Prometheus(namespace, 'prometheus', {
    ...base,
    storage,
    targets: [orchestrator, inference],
    alertmanager,
    connections,
    alerts: [
      apiAlerts({ job: 'orchestrator', errorRatio: 0.01, p95Seconds: 0.5 }),
      dependencyAlerts('orchestrator', ['redis', 'postgres', 'milvus', 'inference']),
    ],
  });
  return { redis, postgres, milvus, inference, mcp, orchestrator, alertmanager, prometheus };
}
