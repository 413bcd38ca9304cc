import { alerts, api, encoder, gpuServer, measurements, metrics, postgres, redis } from './footprints.ts';
import { observers } from './observers.ts';
import type { Platform } from './platform.ts';
import { qratumWatches } from './watches.ts';

/** What is the same about the model server with a GPU and without one. */
const modelServer = {
  port: 8080,
  names: { policy: 'model-server-policy' },
  auth: { secret: 'modelServerToken', name: 'model-server-secret', key: 'auth-token' },
  scaling: { name: 'model-server', min: 2, max: 10, cpuPercent: 70 },
  rollout: { kind: 'canary', stable: '1.0.0', weight: 10 },
} as const;

/** Models on GPUs behind a router, with a vector database for retrieval and a registry of models. */
export const qratum: Platform = {
  name: 'qratum',
  description: 'a model server on GPUs, a router with retrieval before it, and a registry of models',
  namespaces: [
    {
      name: 'qratum-ml',
      backup: {
        sources: ['postgres', 'redis', 'vector-db'],
        schedule: { daily: '02:00' },
        drill: { weekly: 'sunday', at: '04:00' },
        retention: { days: 30 },
        recoveryPointMinutes: 1500,
        recoveryTimeMinutes: 60,
        workspace: { small: 5, medium: 50, large: 200 },
      },
      gateway: { name: 'qratum', routes: [{ to: 'orchestrator', port: 'http' }] },
      components: [
        {
          kind: 'model-server',
          name: 'model-server',
          where: { has: 'gpu' },
          runtime: { kind: 'vllm', contextLength: 8192 },
          models: [{ model: 'qwen2.5-7b-instruct', from: 'bucket' }],
          gpu: { type: 'l4', count: 1 },
          ...modelServer,
          footprint: gpuServer,
        },
        {
          kind: 'model-server',
          name: 'model-server',
          where: { lacks: 'gpu' },
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          ...modelServer,
          footprint: encoder,
        },
        {
          kind: 'model-server',
          name: 'embedder',
          where: { has: 'gpu' },
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
          providers: [
            {
              name: 'model-server',
              where: { has: 'gpu' },
              tier: 0,
              models: ['qwen2.5-7b-instruct'],
              answerModel: 'qwen2.5-7b-instruct',
              at: { component: 'model-server', port: 'http' },
              key: { secret: 'modelServerToken', name: 'model-server' },
            },
          ],
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
          databases: ['mlflow'],
          maxConnections: { small: 50, medium: 60, large: 100 },
          adminPassword: 'postgresAdminPassword',
          password: 'postgresPassword',
          footprint: postgres,
        },
        {
          kind: 'mlflow',
          name: 'mlflow',
          postgres: 'postgres',
          database: 'mlflow',
          workers: { small: 1, medium: 2, large: 4 },
          footprint: {
            small: { cpu: 50, memory: 384, memoryLimit: 1536, storage: 2 },
            medium: { cpu: 250, memory: 1024, memoryLimit: 2048, storage: 20 },
            large: { cpu: 500, memory: 2048, memoryLimit: 4096, storage: 100 },
          },
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          watches: qratumWatches,
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
        { kind: 'backup-metrics', name: 'backup-metrics', where: { has: 'publicImages' }, footprint: measurements },
        ...observers('redis', 'postgres'),
      ],
    },
  ],
  connections: [
    { from: 'orchestrator', to: 'model-server', port: 'http', env: 'INFERENCE_URL', where: { lacks: 'gpu' } },
    { from: 'orchestrator', to: 'embedder', port: 'http', env: 'INFERENCE_URL' },
    { from: 'orchestrator', to: 'vector-db', port: 'grpc', env: 'MILVUS_URL' },
    { from: 'orchestrator', to: 'redis', port: 'redis' },
    { from: 'orchestrator', to: 'postgres', port: 'postgres' },
  ],
  replaceable: ['Milvus', 'vLLM on GPUs', 'Grafana', 'TimescaleDB hypertables'],
  entries: [
    { component: 'orchestrator', port: 8000, what: 'API; /docs describes it' },
    { component: 'model-server', port: 8080, what: 'models; /docs describes the API' },
    { component: 'mlflow', port: 5000, what: 'registry of models' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
    { component: 'grafana', port: 3000, what: 'dashboards' },
  ],
  checks: [
    { what: 'the router is ready', component: 'orchestrator', path: '/health/ready' },
    { what: 'the model server is ready', component: 'model-server', path: '/health/ready' },
    { what: 'the registry of models answers', component: 'mlflow', path: '/health', has: 'OK' },
    {
      what: 'a text is embedded',
      component: 'orchestrator',
      method: 'POST',
      path: '/v1/embeddings',
      body: { model: 'all-minilm-l6-v2', input: 'a mill by the sea' },
      has: '"embedding"',
    },
    {
      what: 'a document is taken',
      component: 'orchestrator',
      method: 'POST',
      path: '/api/v1/documents',
      body: { id: 'smoke-test', source: 'smoke-test', text: 'The sluice of the smoke test opens at eleven.' },
      has: 'passages',
    },
    {
      what: 'and a question about it answered',
      component: 'orchestrator',
      method: 'POST',
      path: '/api/v1/query',
      body: { query: 'When does the sluice of the smoke test open?' },
      has: 'eleven',
    },
  ],
  secrets: [
    'redisPassword',
    'postgresAdminPassword',
    'postgresPassword',
    'apiToken',
    'modelServerToken',
    'grafanaPassword',
  ],
};
