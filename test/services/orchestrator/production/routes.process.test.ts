import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DependencyMonitor } from '../../../../services/orchestrator/src/dependencies/monitor.ts';
import { Reports } from '../../../../services/orchestrator/src/production/reports.ts';
import { Sampler } from '../../../../services/orchestrator/src/production/sampler.ts';
import { ProductionStore } from '../../../../services/orchestrator/src/production/store.ts';
import { type FeatureApp, featureApp, refusal } from '../support/feature-app.ts';

let redisUp = true;
const monitors = [
  new DependencyMonitor({
    name: 'redis',
    hard: false,
    check: async () => {
      if (!redisUp) throw new Error('gone');
    },
  }),
];
let made: FeatureApp;
beforeAll(async () => {
  for (const monitor of monitors) await monitor.check();
  made = await featureApp({
    features: ['production', 'similarity', 'experiments'],
    monitors,
    objectives: { '/v1/similarity': { p95Ms: 60_000, errorRate: 0.01 } },
  });
}, 30_000);
afterAll(() => made.stop());

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('objectives from real samples', () => {
  it('count what was asked here, at once, and without probes', async () => {
    for (let at = 0; at < 3; at += 1) await made.post('/v1/similarity', { text1: 'a', text2: 'b' });
    await made.post('/v1/similarity', {});
    await made.get('/health/live', {});
    const report = (await made.get('/api/v1/health/slo', {})).json();
    expect(report).toMatchObject({ status: 'compliant', window: '1h', requests: 4, availability: 1 });
    expect(report.endpoints).toEqual([
      expect.objectContaining({
        endpoint: '/v1/similarity',
        requests: 4,
        errors: 0,
        objective: { p95_ms: 60_000, error_rate: 0.01 },
        compliant: true,
        error_budget_remaining: 1,
      }),
    ]);
    expect(report.endpoints[0].p95_ms).toBeGreaterThan(0);
  });

  it('add up over replicas and restarts', async () => {
    const store = new ProductionStore(made.pool);
    await made.pool.query('DELETE FROM production.slo_samples');
    const replicas = [1, 2].map(() => new Sampler({ pool: made.pool, log }));
    for (const [at, replica] of replicas.entries()) {
      for (let count = 0; count < 10; count += 1) replica.samples.add('/x', count === 0 && at === 0 ? 503 : 200, 40);
      await replica.flush();
    }
    replicas[1]?.samples.add('/x', 200, 5_000);
    const [total] = await store.routes(3_600, replicas[1]?.pending() ?? []);
    expect(total).toMatchObject({ route: '/x', requests: 21, errors: 1, maxMs: 5_000 });
    expect(total?.buckets.filter(({ count }) => count > 0)).toEqual([
      { bound: 50, count: 20 },
      { bound: 5_000, count: 1 },
    ]);
  });

  it('are kept while the database is away, and stored later', async () => {
    const sampler = new Sampler({ pool: made.pool, log });
    await made.database.kill();
    sampler.samples.add('/late', 200, 1);
    await sampler.flush();
    expect(sampler.pending()).toHaveLength(1);
    expect((await made.get('/api/v1/health/slo?window=6h', {})).statusCode).toBe(503);
    await made.database.restart();
    await sampler.flush();
    expect(sampler.pending()).toEqual([]);
    const { rows } = await made.pool.query("SELECT requests FROM production.slo_samples WHERE route = '/late'");
    expect(rows).toEqual([{ requests: 1 }]);
  });

  it('are made once for all who ask within a moment', async () => {
    let reads = 0;
    const store = {
      routes: async () => {
        reads += 1;
        return [];
      },
    } as unknown as ProductionStore; // Only this is asked.
    const reports = new Reports({ store, sampler: undefined, objectives: {} });
    await Promise.all([reports.slo('1h'), reports.slo('1h')]);
    await reports.slo('1h');
    expect(reads).toBe(1);
    await reports.slo('24h');
    expect(reads).toBe(2);
  });
});

describe('GET /api/v1/health/status', () => {
  it('is healthy, or says why not', async () => {
    expect((await made.get('/api/v1/health/status', {})).json()).toMatchObject({
      status: 'healthy',
      reasons: [],
      dependencies: { redis: 'up' },
    });
    redisUp = false;
    await monitors[0]?.check();
    expect((await made.get('/api/v1/health/status', {})).json()).toMatchObject({
      status: 'degraded',
      reasons: ['redis is down'],
    });
    made.lifecycle.drain();
    expect((await made.get('/api/v1/health/status', {})).json()).toMatchObject({
      status: 'unavailable',
      reasons: ['shutting down', 'redis is down'],
    });
  });
});

describe('GET /api/v1/metrics/models', () => {
  it('tells how the models did, by the ledger, and which were promoted', async () => {
    await made.pool.query(
      `INSERT INTO accounting.ledger (request_id, at, tenant, user_id, user_tier, caller, endpoint, model, provider, provider_tier,
         provider_model, outcome, status, attempts, prompt_tokens, completion_tokens, cost_nano_usd, duration_ms, replica)
       SELECT 'r' || n, now(), 't', 'u', 'standard', 'c', 'chat', 'gpt', 'cloud', 1, 'gpt-4o',
         CASE WHEN n = 1 THEN 'upstream_failed' ELSE 'success' END, 200, 1, 100, 10, 5000000, n * 10, 'x' FROM generate_series(1, 10) n`,
    );
    const created = await made.post('/api/v1/experiments/create', {
      name: 'fast',
      primary_model: 'small',
      prompt_template: 'x',
    });
    await made.post(`/api/v1/evaluation/promote/${created.json().experiment_id}?force=true`);
    const { models, promoted } = (await made.get('/api/v1/metrics/models?window=5m', {})).json();
    expect(models).toEqual([
      {
        model: 'gpt-4o',
        provider: 'cloud',
        tier: 1,
        requests: 10,
        errors: 1,
        error_rate: 0.1,
        cached: 0,
        p50_ms: 60,
        p95_ms: 96,
        first_token_p50_ms: null,
        prompt_tokens: 1_000,
        completion_tokens: 100,
        cost_usd: 0.05,
      },
    ]);
    expect(promoted).toEqual([expect.objectContaining({ name: 'fast', forced: true, promoted_by: 'alice' })]);
  });
});

describe('the report of compliance', () => {
  it('is under the address of the guide, too', async () => {
    for (const url of ['/api/v1/metrics/slo-compliance', '/metrics/slo-compliance']) {
      expect((await made.get(url, {})).json()).toMatchObject({ window: '24h', availability_objective: 0.999 });
    }
    expect(refusal(await made.get('/metrics/slo-compliance?window=1y', {}))).toMatchObject({
      status: 400,
      param: 'querystring.window',
    });
  });
});
