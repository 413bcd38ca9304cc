import { Duration } from '../../constructs/index.ts';
import { alerts, cache, encoder, metrics } from './footprints.ts';
import { observers } from './observers.ts';
import type { Platform } from './platform.ts';
import { quantumRerankWatches } from './watches.ts';

/** Similarity and ranking of texts, by cosine and by fidelity, for users of three tiers. */
export const quantumRerank: Platform = {
  name: 'quantum-rerank',
  description: 'similarity and ranking of texts, with a cache, scaled by load',
  namespaces: [
    {
      name: 'quantum-rerank',
      gateway: {
        name: 'quantum-rerank',
        host: 'api.quantumrerank.com',
        routes: [{ to: 'quantum-rerank', port: 'http' }],
      },
      components: [
        {
          kind: 'orchestrator',
          name: 'quantum-rerank',
          features: ['similarity'],
          embedding: { model: 'all-minilm-l6-v2', collection: 'none' },
          tokens: { 'api-key': 'apiToken' },
          secretNames: { tokens: 'quantum-rerank-secrets' },
          policy: {
            tiers: {
              standard: { rate: { requests: 1_200, window: Duration.minutes(1) } },
              premium: { rate: { requests: 6_000, window: Duration.minutes(1) } },
              enterprise: { rate: { requests: 30_000, window: Duration.minutes(1) } },
            },
            // One key for all: the normal range goes up to 200 requests a second.
            identities: { 'api-key': { tier: 'enterprise' } },
          },
          services: ['quantum-rerank-service'],
          scaling: {
            name: 'quantum-rerank-hpa',
            min: 3,
            max: 10,
            cpuPercent: 70,
            memoryPercent: 80,
            upAfter: 60,
            downAfter: 300,
          },
          // An instance stays below 2 GB.
          footprint: {
            small: { cpu: 50, memory: 256, memoryLimit: 512 },
            medium: { cpu: 500, memory: 1024, memoryLimit: 1536 },
            large: { cpu: 1000, memory: 1536, memoryLimit: 1900 },
          },
        },
        {
          kind: 'redis',
          name: 'redis',
          eviction: 'allkeys-lru',
          persistence: 'none',
          controller: 'Deployment',
          password: 'redisPassword',
          footprint: cache,
        },
        {
          kind: 'model-server',
          name: 'inference',
          runtime: { kind: 'inference', maxQueue: 256 },
          models: [{ model: 'all-minilm-l6-v2', from: 'image' }],
          footprint: encoder,
        },
        {
          kind: 'prometheus',
          name: 'prometheus',
          watches: quantumRerankWatches,
          promises: [
            { component: 'quantum-rerank', errorRatio: 0.05, p95Seconds: 0.2, dependencies: ['redis', 'inference'] },
          ],
          footprint: metrics,
        },
        { kind: 'alertmanager', name: 'alertmanager', footprint: alerts },
        ...observers('redis'),
      ],
    },
  ],
  connections: [
    { from: 'quantum-rerank', to: 'redis', port: 'redis' },
    { from: 'quantum-rerank', to: 'inference', port: 'http' },
  ],
  replaceable: ['Grafana'],
  entries: [
    { component: 'quantum-rerank', port: 8000, what: 'API; /docs describes it' },
    { component: 'prometheus', port: 9090, what: 'metrics and alerts' },
    { component: 'alertmanager', port: 9093, what: 'alerts that fire, and silences' },
    { component: 'grafana', port: 3000, what: 'dashboards' },
  ],
  checks: [
    { what: 'the API is ready', component: 'quantum-rerank', path: '/health/ready' },
    {
      what: 'two texts are compared by cosine',
      component: 'quantum-rerank',
      method: 'POST',
      path: '/v1/similarity',
      body: { text1: 'a mill by the sea', text2: 'a watermill on the coast', method: 'cosine' },
      has: 'cosine',
    },
    {
      what: 'and by fidelity',
      component: 'quantum-rerank',
      method: 'POST',
      path: '/v1/similarity',
      body: { text1: 'a mill by the sea', text2: 'a watermill on the coast', method: 'fidelity' },
      has: 'fidelity',
    },
    { what: 'it counts what it does', component: 'quantum-rerank', path: '/metrics', has: 'http_requests_total' },
  ],
  secrets: ['redisPassword', 'apiToken', 'grafanaPassword'],
};
