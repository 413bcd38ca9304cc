import { Duration } from '../../constructs/index.ts';
import { measurements } from './footprints.ts';
import { outside } from './language-models.ts';
import { observers } from './observers.ts';
import type { Platform } from './platform.ts';
import { multiAgentRagWatches } from './watches.ts';

/** The name by which callers take whichever provider answers: the most local first, and the next tier where it fails. */
const anyModel = 'default';

/** Providers in the order in which they are asked, after those of the platform itself. */
const providersOutside = [
  outside('fireworks', { ...asked('fireworks'), tier: 1 }),
  outside('together', { ...asked('together'), tier: 2 }),
  outside('anthropic', { ...asked('anthropic'), tier: 3 }),
  outside('openai', { ...asked('openai'), tier: 4 }),
];

function asked(name: string) {
  return { name, names: [anyModel], key: { secret: `${name}ApiKey`, name } };
}

/** Answers from the team's own documents, with agents that use tools, and LLM providers in tiers. */
export const multiAgentRag: Platform = {
  name: 'multi-agent-rag',
  description: 'RAG over own documents, an LLM gateway, and agents with tools',
  namespaces: [
    {
      name: 'multi-agent-rag',
      backup: {
        sources: ['redis', 'postgres', 'qdrant'],
        schedule: { every: Duration.minutes(10) },
        drill: { daily: '03:30' },
        retention: { last: 10 },
        recoveryPointMinutes: 15,
        recoveryTimeMinutes: 60,
        workspace: { small: 5, medium: 50, large: 200 },
      },
      gateway: { name: 'multi-agent-rag', routes: [{ to: 'orchestrator', port: 'http' }] },
      components: [
        {
          kind: 'redis',
          name: 'redis',
          // Rate limits and budgets live beside the cache: only what has an expiry may be evicted.
          eviction: 'volatile-lru',
          persistence: 'aof',
          password: 'redisPassword',
          footprint: {
            small: { cpu: 25, memory: 48, memoryLimit: 128, storage: 1 },
            medium: { cpu: 250, memory: 512, memoryLimit: 1024, storage: 8 },
            large: { cpu: 1000, memory: 2048, memoryLimit: 4096, storage: 32 },
          },
        },
        {
          kind: 'postgres',
          name: 'postgres',
          database: 'keelson',
          maxConnections: 50,
          readReplicas: { count: { small: 0, medium: 1, large: 1 }, password: 'postgresReplicationPassword' },
          adminPassword: 'postgresAdminPassword',
          password: 'postgresPassword',
          footprint: {
            small: { cpu: 50, memory: 128, memoryLimit: 512, storage: 2 },
            medium: { cpu: 500, memory: 2048, memoryLimit: 4096, storage: 50 },
            large: { cpu: 2000, memory: 8192, memoryLimit: 16384, storage: 200 },
          },
        },
        {
          kind: 'qdrant',
          name: 'qdrant',
          where: { has: 'publicImages' },
          collections: [{ name: 'passages', model: 'all-minilm-l6-v2' }],
          apiKey: 'qdrantApiKey',
          readOnlyApiKey: 'qdrantReadOnlyApiKey',
          peers: { small: 1, medium: 1, large: 3 },
          footprint: {
            small: { cpu: 50, memory: 256, memoryLimit: 1024, storage: 2 },
            medium: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 50 },
            large: { cpu: 2000, memory: 8192, memoryLimit: 16384, storage: 100 },
          },
        },
        {
          kind: 'milvus',
          name: 'milvus',
          where: { lacks: 'publicImages' },
          collections: [{ name: 'passages', model: 'all-minilm-l6-v2' }],
          footprint: {
            small: { cpu: 50, memory: 256, memoryLimit: 1024, storage: 2 },
            medium: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 50 },
            large: { cpu: 4000, memory: 16384, memoryLimit: 32768, storage: 200 },
          },
        },
        {
          kind: 'model-server',
          name: 'inference',
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          footprint: {
            small: { cpu: 100, memory: 384, memoryLimit: 1024, storage: 1 },
            medium: { cpu: 2000, memory: 1024, memoryLimit: 2048, storage: 4 },
            large: { cpu: 4000, memory: 2048, memoryLimit: 4096, storage: 8 },
          },
        },
        {
          kind: 'model-server',
          name: 'ollama',
          where: { has: 'publicImages' },
          runtime: { kind: 'ollama', contextLength: 8192 },
          models: [{ model: 'llama-3.2-3b-instruct', from: { ollama: 'llama3.2:3b' } }],
          replicas: 1,
          footprint: {
            small: { cpu: 1000, memory: 4096, memoryLimit: 6144, storage: 10 },
            medium: { cpu: 4000, memory: 6144, memoryLimit: 8192, storage: 20 },
            large: { cpu: 8000, memory: 8192, memoryLimit: 12288, storage: 40 },
          },
        },
        {
          kind: 'model-server',
          name: 'jan',
          where: { has: 'publicImages' },
          runtime: { kind: 'jan', file: 'model.gguf' },
          models: [{ model: 'llama-3.2-3b-instruct', from: 'bucket' }],
          replicas: 1,
          footprint: {
            small: { cpu: 1000, memory: 4096, memoryLimit: 6144, storage: 10 },
            medium: { cpu: 4000, memory: 6144, memoryLimit: 8192, storage: 20 },
            large: { cpu: 8000, memory: 8192, memoryLimit: 12288, storage: 40 },
          },
        },
        {
          kind: 'mcp-server',
          name: 'mcp-filesystem',
          tools: 'filesystem',
          footprint: {
            small: { cpu: 10, memory: 64, memoryLimit: 256, storage: 1 },
            medium: { cpu: 50, memory: 128, memoryLimit: 256, storage: 10 },
            large: { cpu: 100, memory: 256, memoryLimit: 512, storage: 50 },
          },
        },
        {
          kind: 'mcp-server',
          name: 'mcp-git',
          tools: 'git',
          footprint: {
            small: { cpu: 10, memory: 64, memoryLimit: 256, storage: 1 },
            medium: { cpu: 50, memory: 128, memoryLimit: 256, storage: 10 },
            large: { cpu: 100, memory: 256, memoryLimit: 512, storage: 50 },
          },
        },
        {
          kind: 'mcp-server',
          name: 'mcp-memory',
          tools: 'memory',
          footprint: {
            small: { cpu: 10, memory: 64, memoryLimit: 256, storage: 1 },
            medium: { cpu: 50, memory: 128, memoryLimit: 256, storage: 2 },
            large: { cpu: 100, memory: 256, memoryLimit: 512, storage: 8 },
          },
        },
        {
          kind: 'orchestrator',
          name: 'orchestrator',
          features: ['gateway', 'rag', 'agents', 'budgets'],
          providers: [
            {
              name: 'ollama',
              where: { has: 'publicImages' },
              tier: 0,
              models: ['llama3.2:3b', { name: anyModel, upstream: 'llama3.2:3b' }],
              answerModel: 'llama3.2:3b',
              at: { component: 'ollama', port: 'http' },
            },
            {
              name: 'jan',
              where: { has: 'publicImages' },
              tier: 0,
              models: ['llama-3.2-3b-instruct'],
              at: { component: 'jan', port: 'http' },
            },
            ...providersOutside,
          ],
          policy: {
            tiers: {
              standard: {
                rates: { '/api/v1/search': { requests: 100, window: Duration.minutes(1) } },
                budget: { daily: 10 },
              },
            },
            // Whoever has the token may ask for a person, whose budget is then charged.
            identities: { cli: { roles: ['admin', 'writer', 'delegate'] } },
            // The guide's commands show no token. They work where nobody but this machine gets in.
            anonymous: { where: { lacks: 'publicHost' }, roles: ['admin', 'writer'] },
            cache: { exact: { keep: Duration.hours(1) } },
          },
          embedding: { model: 'all-minilm-l6-v2', collection: 'passages' },
          tokens: { cli: 'apiToken' },
          footprint: {
            small: { cpu: 50, memory: 128, memoryLimit: 512 },
            medium: { cpu: 500, memory: 512, memoryLimit: 1024 },
            large: { cpu: 1000, memory: 1024, memoryLimit: 2048 },
          },
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          watches: multiAgentRagWatches,
          promises: [
            {
              component: 'orchestrator',
              errorRatio: 0.05,
              p95Seconds: 2,
              dependencies: ['redis', 'postgres', 'milvus', 'inference'],
            },
          ],
          footprint: {
            small: { cpu: 25, memory: 96, memoryLimit: 384, storage: 2 },
            medium: { cpu: 250, memory: 1024, memoryLimit: 2048, storage: 50 },
            large: { cpu: 1000, memory: 4096, memoryLimit: 8192, storage: 200 },
          },
        },
        {
          kind: 'alertmanager',
          name: 'alertmanager',
          footprint: {
            small: { cpu: 10, memory: 32, memoryLimit: 128, storage: 1 },
            medium: { cpu: 50, memory: 64, memoryLimit: 256, storage: 1 },
            large: { cpu: 100, memory: 128, memoryLimit: 256, storage: 2 },
          },
        },
        { kind: 'backup-metrics', name: 'backup-metrics', where: { has: 'publicImages' }, footprint: measurements },
        ...observers('redis', 'postgres'),
      ],
    },
  ],
  connections: [
    { from: 'orchestrator', to: 'redis', port: 'redis' },
    { from: 'orchestrator', to: 'postgres', port: 'postgres' },
    { from: 'orchestrator', to: 'milvus', port: 'grpc' },
    { from: 'orchestrator', to: 'qdrant', port: 'http' },
    { from: 'orchestrator', to: 'inference', port: 'http' },
    { from: 'orchestrator', to: 'mcp-filesystem', port: 'http' },
    { from: 'orchestrator', to: 'mcp-git', port: 'http' },
    { from: 'orchestrator', to: 'mcp-memory', port: 'http' },
  ],
  replaceable: ['Qdrant', 'TimescaleDB hypertables', 'Grafana', 'Jan', 'Ollama'],
  entries: [
    { component: 'orchestrator', port: 8000, what: 'API; /docs describes it' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
    { component: 'grafana', port: 3000, what: 'dashboards' },
  ],
  checks: [
    { what: 'the API is ready', component: 'orchestrator', path: '/health/ready' },
    { what: 'models are listed', component: 'orchestrator', path: '/v1/models', has: '"object":"list"' },
    {
      what: 'a search is answered',
      component: 'orchestrator',
      method: 'POST',
      path: '/api/v1/search',
      body: { query: 'a mill by the sea' },
    },
  ],
  secrets: [
    'redisPassword',
    'postgresAdminPassword',
    'postgresPassword',
    'apiToken',
    'qdrantApiKey',
    'qdrantReadOnlyApiKey',
    'grafanaPassword',
    'postgresReplicationPassword',
  ],
  storedSecrets: ['fireworksApiKey', 'togetherApiKey', 'anthropicApiKey', 'openaiApiKey'],
};
