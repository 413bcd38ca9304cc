import { alerts, api, cache, encoder, metrics, postgres } from './footprints.ts';
import type { Platform } from './platform.ts';

/** Variants of a text with one attribute swapped, and what a model makes of the difference. */
export const counterfactualLab: Platform = {
  name: 'counterfactual-lab',
  description: 'variants of a text with an attribute swapped, scored for quality and bias, with ratings by people',
  namespaces: [
    {
      name: 'counterfactual-lab',
      components: [
        {
          kind: 'orchestrator',
          name: 'counterfactual-lab',
          features: ['counterfactuals'],
          embedding: { model: 'all-minilm-l6-v2', collection: 'none' },
          tokens: { cli: 'apiToken' },
          footprint: api,
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
              component: 'counterfactual-lab',
              errorRatio: 0.05,
              p95Seconds: 10,
              dependencies: ['postgres', 'redis', 'inference'],
            },
          ],
          footprint: metrics,
        },
        { kind: 'alertmanager', name: 'alertmanager', footprint: alerts },
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
  ],
  checks: [
    { what: 'the API is ready', component: 'counterfactual-lab', path: '/health/ready' },
    {
      what: 'a text gets its counterfactuals',
      component: 'counterfactual-lab',
      method: 'POST',
      path: '/api/v1/counterfactuals',
      body: { text: 'He is a nurse and she is an engineer.', attribute: 'gender' },
      has: 'She is a nurse',
    },
    { what: 'the model engine serves', component: 'model-engine', path: '/health/ready' },
  ],
  secrets: ['redisPassword', 'postgresAdminPassword', 'postgresPassword', 'apiToken'],
};
