import { Duration } from '../../constructs/index.ts';
import { alerts, api, cache, encoder, gpuServer, measurements, metrics, postgres } from './footprints.ts';
import { observers } from './observers.ts';
import type { Platform } from './platform.ts';
import { counterfactualLabWatches } from './watches.ts';

/** Variants of a text with one attribute swapped, and what a model makes of the difference. */
export const counterfactualLab: Platform = {
  name: 'counterfactual-lab',
  description: 'variants of a text with an attribute swapped, scored for quality and bias, with ratings by people',
  namespaces: [
    {
      name: 'counterfactual-lab',
      backup: {
        sources: ['postgres'],
        schedule: { daily: '01:30' },
        drill: { weekly: 'sunday', at: '04:00' },
        retention: { days: 30 },
        recoveryPointMinutes: 1500,
        recoveryTimeMinutes: 60,
        workspace: { small: 5, medium: 50, large: 200 },
      },
      gateway: { name: 'counterfactual-lab', routes: [{ to: 'counterfactual-lab', port: 'http' }] },
      components: [
        {
          kind: 'orchestrator',
          name: 'counterfactual-lab',
          features: ['gateway', 'counterfactuals'],
          embedding: { model: 'all-minilm-l6-v2', collection: 'none' },
          tokens: { cli: 'apiToken' },
          providers: [
            {
              name: 'generator',
              where: { has: 'gpu' },
              tier: 0,
              models: ['qwen2.5-7b-instruct'],
              at: { component: 'generator', port: 'http' },
            },
          ],
          // What is asked often is answered from the cache.
          policy: { cache: { exact: { keep: Duration.hours(1) } } },
          scaling: { min: 2, max: 10, cpuPercent: 70, memoryPercent: 80 },
          rollout: { kind: 'blue-green', blue: 'v1.0', live: 'blue' },
          footprint: {
            ...api,
            // Two thirds of it are in use before the first request.
            small: { cpu: 50, memory: 192, memoryLimit: 512 },
          },
        },
        {
          kind: 'model-server',
          name: 'model-engine',
          port: 8001,
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          footprint: encoder,
        },
        {
          kind: 'model-server',
          name: 'generator',
          where: { has: 'gpu' },
          runtime: { kind: 'vllm', contextLength: 8192 },
          models: [{ model: 'qwen2.5-7b-instruct', from: 'bucket' }],
          gpu: { type: 'l4', count: 1 },
          replicas: 1,
          footprint: gpuServer,
        },
        {
          kind: 'redis',
          name: 'redis',
          eviction: 'allkeys-lru',
          persistence: 'none',
          password: 'redisPassword',
          footprint: cache,
        },
        {
          kind: 'postgres',
          name: 'postgres',
          database: 'counterfactuals',
          maxConnections: 120,
          adminPassword: 'postgresAdminPassword',
          password: 'postgresPassword',
          footprint: postgres,
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          watches: counterfactualLabWatches,
          promises: [
            {
              component: 'counterfactual-lab',
              errorRatio: 0.05,
              p95Seconds: 10,
              dependencies: ['postgres', 'redis', 'inference'],
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
    { from: 'counterfactual-lab', to: 'model-engine', port: 'http', env: 'INFERENCE_URL' },
    { from: 'counterfactual-lab', to: 'redis', port: 'redis' },
    { from: 'counterfactual-lab', to: 'postgres', port: 'postgres' },
  ],
  replaceable: ['vLLM on GPUs', 'Grafana', 'TimescaleDB hypertables'],
  entries: [
    { component: 'counterfactual-lab', port: 8000, what: 'API; /docs describes it' },
    { component: 'model-engine', port: 8001, what: 'model metrics' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
    { component: 'grafana', port: 3000, what: 'dashboards' },
  ],
  checks: [
    { what: 'the API is ready', component: 'counterfactual-lab', path: '/health/ready' },
    {
      what: 'a text gets its counterfactuals',
      component: 'counterfactual-lab',
      method: 'POST',
      path: '/api/v1/counterfactuals',
      body: { text: 'He is a nurse and she is an engineer.', attributes: ['gender'] },
      has: 'She is a nurse and she is an engineer.',
    },
    { what: 'the model engine serves', component: 'model-engine', path: '/health/ready' },
  ],
  secrets: ['redisPassword', 'postgresAdminPassword', 'postgresPassword', 'apiToken', 'grafanaPassword'],
};
