import { alerts, api, encoder, metrics, postgres, redis } from './footprints.ts';
import type { Platform } from './platform.ts';

/** Models on GPUs behind a router, with a vector database for retrieval and a registry of models. */
export const qratum: Platform = {
  name: 'qratum',
  description: 'a model server on GPUs, a router with retrieval before it, and a registry of models',
  namespaces: [
    {
      name: 'qratum-ml',
      components: [
        {
          kind: 'model-server',
          name: 'model-server',
          names: { policy: 'model-server-policy' },
          auth: { secret: 'modelServerToken', name: 'model-server-secret', key: 'auth-token' },
          scaling: { name: 'model-server', min: 2, max: 10, cpuPercent: 70 },
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          footprint: encoder,
        },
        {
          kind: 'orchestrator',
          name: 'orchestrator',
          features: ['gateway', 'rag'],
          embedding: { model: 'all-minilm-l6-v2', collection: 'documents' },
          tokens: { cli: 'apiToken' },
          footprint: api,
        },
        {
          kind: 'milvus',
          name: 'vector-db',
          collections: [{ name: 'documents', model: 'all-minilm-l6-v2' }],
          footprint: {
            small: { cpu: 50, memory: 256, memoryLimit: 1024, storage: 2 },
            medium: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 100 },
            large: { cpu: 4000, memory: 16384, memoryLimit: 32768, storage: 100 },
          },
        },
        {
          kind: 'redis',
          name: 'redis',
          eviction: 'volatile-lru',
          persistence: 'aof',
          password: 'redisPassword',
          footprint: redis,
        },
        {
          kind: 'postgres',
          name: 'postgres',
          database: 'qratum',
          maxConnections: 50,
          adminPassword: 'postgresAdminPassword',
          password: 'postgresPassword',
          footprint: postgres,
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          promises: [
            {
              component: 'orchestrator',
              errorRatio: 0.05,
              p95Seconds: 2,
              dependencies: ['redis', 'postgres', 'milvus', 'inference'],
            },
          ],
          footprint: metrics,
        },
        { kind: 'alertmanager', name: 'alertmanager', footprint: alerts },
      ],
    },
  ],
  connections: [
    { from: 'orchestrator', to: 'model-server', port: 'http', env: 'INFERENCE_URL' },
    { from: 'orchestrator', to: 'vector-db', port: 'grpc', env: 'MILVUS_URL' },
    { from: 'orchestrator', to: 'redis', port: 'redis' },
    { from: 'orchestrator', to: 'postgres', port: 'postgres' },
  ],
  replaceable: ['Milvus', 'vLLM on GPUs', 'Grafana', 'TimescaleDB hypertables'],
  entries: [
    { component: 'orchestrator', port: 8000, what: 'API; /docs describes it' },
    { component: 'model-server', port: 8080, what: 'models; /docs describes the API' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
  ],
  checks: [
    { what: 'the router is ready', component: 'orchestrator', path: '/health/ready' },
    { what: 'the model server is ready', component: 'model-server', path: '/health/ready' },
    {
      what: 'a text is embedded',
      component: 'model-server',
      method: 'POST',
      path: '/v1/embeddings',
      body: { model: 'all-minilm-l6-v2', input: 'a mill by the sea' },
      has: '"embedding"',
    },
  ],
  secrets: ['redisPassword', 'postgresAdminPassword', 'postgresPassword', 'apiToken', 'modelServerToken'],
};
