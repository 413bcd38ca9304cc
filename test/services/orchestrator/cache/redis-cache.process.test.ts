import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { RedisCache, type RedisCacheOptions } from '../../../../services/orchestrator/src/cache/redis-cache.ts';
import type { GatewayCall } from '../../../../services/orchestrator/src/gateway/call.ts';
import type { CachedAnswer } from '../../../../services/orchestrator/src/gateway/response-cache.ts';
import { createAccountingMetrics } from '../../../../services/orchestrator/src/limits/accounting-metrics.ts';
import { RedisConnection } from '../../../../services/orchestrator/src/stores/redis/connection.ts';
import { eventually } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { WordEmbedder } from '../support/embedding.ts';
import { callOf, target } from '../support/replicas.ts';

let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  redis = new RedisConnection({ url: server.url, password: undefined });
  await redis.connect();
});
afterEach(async () => {
  await redis.command('FLUSHALL');
});
afterAll(async () => {
  redis.close();
  await server.stop();
});

const registry = () => createAccountingMetrics(new Registry());
const cache = (over: Partial<RedisCacheOptions> = {}) =>
  new RedisCache({
    redis,
    policy: { exact: { ttlSeconds: 60 }, semantic: undefined },
    tenantOf: (caller) => caller,
    embedder: undefined,
    metrics: registry(),
    ...over,
  });
const ask = (content: string, over: Partial<GatewayCall> = {}, request: object = {}) =>
  callOf('1', 0, { request: { model: 'small', messages: [{ role: 'user', content }], ...request }, ...over });
const answer: CachedAnswer = { body: '{"choices":[]}', usage: undefined, target };
/** Stores the answer of a call, and waits until it is there. */
const keep = async (kept: RedisCache, call: GatewayCall, what = answer) => {
  await kept.lookup(call);
  kept.store(call, what);
  await eventually(async () => expect(await kept.lookup({ ...call, id: '2' })).toEqual(what));
};

describe('the exact cache', () => {
  it('gives the answer of the same question, however its fields are ordered and the answer is delivered', async () => {
    const kept = cache();
    await keep(kept, ask('hello', {}, { temperature: 0, top_p: 1 }));
    expect(await kept.lookup(ask('hello', { stream: true }, { top_p: 1, temperature: 0, stream: true }))).toEqual(
      answer,
    );
  });

  it.each([
    ['another tenant', ask('hello', { caller: 'standard-bob' })],
    ['another model', ask('hello', { model: 'large' })],
    ['another parameter', ask('hello', {}, { temperature: 1 })],
    ['another question', ask('hello!')],
    ['another endpoint', ask('hello', { endpoint: 'messages' })],
    ['a private call', ask('hello', { private: true })],
    ['another user of the tenant', ask('hello', {}, { user: 'eve' })],
  ])('gives nothing to %s', async (_what, call) => {
    const kept = cache();
    await keep(kept, ask('hello'));
    expect(await kept.lookup(call)).toBeUndefined();
  });

  it('keeps nothing that is too large, and counts what came of each lookup', async () => {
    const metrics = registry();
    const kept = cache({ metrics });
    kept.store(ask('large'), { ...answer, body: 'x'.repeat(300_000) });
    await keep(kept, ask('hello'));
    expect(await kept.lookup(ask('large'))).toBeUndefined();
    const counts = (await metrics.cacheRequests.get()).values;
    expect(counts.find(({ labels }) => labels.result === 'hit')?.value).toBeGreaterThanOrEqual(1);
    expect(counts.find(({ labels }) => labels.result === 'miss')?.value).toBeGreaterThanOrEqual(2);
  });

  it('is a miss while Redis is gone', async () => {
    const own = await startRedis();
    const connection = new RedisConnection({ url: own.url, password: undefined });
    await connection.connect();
    const metrics = registry();
    const kept = cache({ redis: connection, metrics });
    await own.kill();
    expect(await kept.lookup(ask('hello'))).toBeUndefined();
    kept.store(ask('hello'), answer);
    expect((await metrics.cacheRequests.get()).values).toMatchObject([{ labels: { result: 'error' } }]);
    connection.close();
    await own.stop();
  });
});

describe('the semantic cache', () => {
  const policy = { exact: undefined, semantic: { ttlSeconds: 60, threshold: 0.9, maxEntries: 3 } };
  const semantic = () => cache({ policy, embedder: new WordEmbedder() });

  it('gives the answer of a question that means the same', async () => {
    const kept = semantic();
    await keep(kept, ask('how do I oil the winch of the boat'));
    expect(await kept.lookup(ask('the boat: how do I oil the winch of'))).toEqual(answer);
    expect(await kept.lookup(ask('how do I paint the hull'))).toBeUndefined();
  });

  it('gives nothing to another tenant, or after other words before', async () => {
    const kept = semantic();
    await keep(kept, ask('how do I oil the winch'));
    expect(await kept.lookup(ask('the winch: how do I oil', { caller: 'standard-bob' }))).toBeUndefined();
    const after = callOf('1', 0, {
      request: {
        model: 'small',
        messages: [
          { role: 'system', content: 'Answer in Dutch.' },
          { role: 'user', content: 'how do I oil the winch' },
        ],
      },
    });
    expect(await kept.lookup(after)).toBeUndefined();
  });

  it('remembers only so many, and takes part in no embeddings', async () => {
    const kept = semantic();
    for (const word of ['winch', 'anchor', 'rudder', 'keel', 'mast']) await keep(kept, ask(`what is a ${word}`));
    const scopes = await redis.command('KEYS', 'ko:cs:*');
    expect(await redis.command('HLEN', String((scopes as string[])[0]))).toBe(3);
    expect(kept.takes(ask('x', { endpoint: 'embeddings' }))).toBe(false);
  });

  it('goes on without an embedding when that takes too long', async () => {
    const kept = cache({
      policy,
      embedTimeoutMs: 20,
      embedder: {
        model: 'slow',
        dimension: 3,
        embed: (_texts, signal) =>
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('late')))),
      },
    });
    expect(await kept.lookup(ask('hello'))).toBeUndefined();
  });
});
