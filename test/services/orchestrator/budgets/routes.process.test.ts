import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../support/processes.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { type AccountingApp, accountingApp } from '../support/accounting-app.ts';
import { meteredProvider } from '../support/metered-provider.ts';
import { Bench } from '../support/replicas.ts';

const upstream = new FaultyUpstream();
let bench: Bench;
let [one, other]: AccountingApp[] = [];
const first = () => {
  if (!one || !other) throw new Error('not started');
  return { one, other };
};

beforeAll(async () => {
  [bench] = await Promise.all([Bench.start(), upstream.start()]);
  const options = {
    redisUrl: bench.redis.url,
    pool: bench.pool,
    policy: {
      tiers: {
        standard: {
          rate: { requests: 1_000, windowSeconds: 60 },
          rates: { '/v1/models': { requests: 3, windowSeconds: 60 } },
          budget: { daily: 100 },
        },
      },
      unauthenticated: { requests: 20, windowSeconds: 60 },
      cache: { exact: { ttlSeconds: 60 } },
    },
    tokens: {
      ops: '{"token": "token-of-ops", "roles": ["admin"]}',
      user_123: 'token-of-123',
      bob: 'token-of-bob',
    },
    providers: [meteredProvider(upstream.url)],
  };
  one = await accountingApp(options);
  other = await accountingApp(options);
}, 40_000);
afterAll(async () => {
  await Promise.all([one?.stop(), other?.stop()]);
  await Promise.all([bench.stop(), upstream.stop()]);
});

const as = (caller: string) => ({ authorization: `Bearer token-of-${caller}` });
const LIMITS = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
const get = (url: string, caller?: string) =>
  first().one.app.inject({ url, headers: caller === undefined ? {} : as(caller) });
const post = (url: string, payload: object, caller: string) =>
  first().one.app.inject({ method: 'POST', url, payload, headers: as(caller) });
const chat = (content: string, caller: string) =>
  post('/v1/chat/completions', { model: 'small', max_tokens: 7, messages: [{ role: 'user', content }] }, caller);

describe('the budget endpoints', () => {
  it('answer for a user who never asked for anything', async () => {
    const answer = await get('/api/v1/budget/user/nobody?period=daily', 'ops');
    expect(answer.json()).toMatchObject({
      user_id: 'nobody',
      period: 'daily',
      currency: 'USD',
      spent: 0,
      reserved: 0,
      limit: 100,
      remaining: 100,
      limit_source: 'tier',
    });
  });

  it('set a limit, hold it, and say what was spent', async () => {
    const set = await post('/api/v1/budget/limit', { user_id: 'user_123', period: 'daily', limit: 10.0 }, 'ops');
    expect(set.statusCode).toBe(200);
    expect(set.json()).toMatchObject({ user_id: 'user_123', limit: 10, limit_source: 'user' });
    expect((await chat('one', '123')).statusCode).toBe(200);
    await eventually(async () =>
      expect((await get('/api/v1/budget/user/user_123', '123')).json()).toMatchObject({ spent: 7, reserved: 0 }),
    );
    const refused = await chat('two', '123');
    expect(refused.statusCode).toBe(429);
    expect(refused.json().error).toMatchObject({
      code: 'budget_exceeded',
      cure: expect.stringContaining('max_tokens'),
    });
    expect(refused.headers).toMatchObject({ 'retry-after': expect.any(String), 'x-should-retry': 'false' });
    const budget = await get('/api/v1/budget/user/user_123?period=daily', '123');
    expect(budget.json()).toMatchObject({ spent: 7, reserved: 0, limit: 10, remaining: 3 });
    for (const period of ['weekly', 'monthly'])
      expect((await get(`/api/v1/budget/user/user_123?period=${period}`, '123')).json()).toMatchObject({
        spent: 7,
        limit: null,
        remaining: null,
        limit_source: 'none',
      });
    await eventually(async () => {
      const top = await get('/api/v1/budget/top-spenders/daily?limit=10', 'ops');
      expect(top.json()).toMatchObject({
        period: 'daily',
        spenders: [
          { user_id: 'user_123', spent: 7, requests: 1, prompt_tokens: 11, cached_tokens: 4, completion_tokens: 7 },
        ],
      });
    });
    const metrics = (await get('/metrics')).body;
    expect(metrics).toContain('budget_rejections_total{user_tier="standard",period="daily"} 1');
    expect(metrics).toMatch(/usage_requests_total\{user_tier="standard"\} \d+/);
    expect(metrics).toContain('llm_cost_usd_total{provider="cloud",tier="1",model="small"} 7');
  });

  it.each([
    ['GET', '/api/v1/budget/user/user_123', undefined, 'bob', 403],
    ['GET', '/api/v1/budget/top-spenders/daily', undefined, 'bob', 403],
    ['POST', '/api/v1/budget/limit', { user_id: 'bob', period: 'daily', limit: 1 }, 'bob', 403],
    ['GET', '/api/v1/budget/user/bob?period=hourly', undefined, 'ops', 400],
    ['GET', '/api/v1/budget/user/bob?periode=daily', undefined, 'ops', 400],
    ['GET', '/api/v1/budget/user/%00', undefined, 'ops', 400],
    ['GET', '/api/v1/budget/top-spenders/yearly', undefined, 'ops', 400],
    ['GET', '/api/v1/budget/top-spenders/daily?limit=0', undefined, 'ops', 400],
    ['GET', '/api/v1/budget/top-spenders/daily?limit=ten', undefined, 'ops', 400],
    ['POST', '/api/v1/budget/limit', { user_id: 'bob', period: 'daily', limit: -1 }, 'ops', 400],
    ['POST', '/api/v1/budget/limit', { user_id: 'bob', period: 'daily', limit: '10' }, 'ops', 400],
    ['POST', '/api/v1/budget/limit', { user_id: '', period: 'daily', limit: 1 }, 'ops', 400],
    ['POST', '/api/v1/budget/limit', { period: 'daily', limit: 1 }, 'ops', 400],
    ['POST', '/api/v1/budget/limit', { user_id: 'bob', period: 'daily', limit: 1, more: 1 }, 'ops', 400],
    ['PUT', '/admin/maintenance', {}, 'ops', 400],
    ['PUT', '/admin/maintenance', { enabled: 'yes' }, 'ops', 400],
    ['PUT', '/admin/maintenance', { enabled: true }, 'bob', 403],
  ] as const)('%s %s refuses %j of %s with %i and a cure', async (method, url, payload, caller, status) => {
    const answer = await first().one.app.inject({ method, url, headers: as(caller), ...(payload && { payload }) });
    expect(answer.statusCode).toBe(status);
    expect(answer.json().error.cure).toMatch(/\w+/);
    if (status === 400) expect(answer.json().error.param).toMatch(/^(body|params|querystring)\./);
  });
});

describe('limits', () => {
  it('are on every answer', async () => {
    const { app } = first().one;
    const answers = await Promise.all([
      get('/health'),
      get('/health/live'),
      get('/metrics'),
      get('/docs/json'),
      get('/v1/models'),
      get('/api/endpoint'),
      get('/api/endpoint', 'bob'),
      get('/api/v1/budget/user/bob', 'bob'),
      post('/v1/chat/completions', { model: 'small' }, 'bob'),
      post('/v1/chat/completions', { model: 'none', messages: [{ role: 'user', content: 'x' }] }, 'bob'),
      chat('limits', 'bob'),
      app.inject({
        method: 'POST',
        url: '/v1/chat/completions',
        headers: { ...as('bob'), 'content-type': 'text/plain' },
        payload: 'x',
      }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([
      200, 200, 200, 200, 401, 404, 404, 200, 400, 404, 200, 415,
    ]);
    for (const { headers } of answers) for (const name of LIMITS) expect(headers[name]).toMatch(/^\d+$/);
  });

  it('hold for routes without a model, and for those who have no token, by address', async () => {
    const asked = await Promise.all(Array.from({ length: 5 }, () => get('/v1/models', 'bob')));
    expect(asked.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 200, 429, 429]);
    const refused = asked.find(({ statusCode }) => statusCode === 429);
    expect(refused?.headers).toMatchObject({
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '0',
      'retry-after': '60',
    });
    const strangers = await Promise.all(Array.from({ length: 30 }, () => get('/v1/models', 'mallory')));
    expect(strangers.filter(({ statusCode }) => statusCode === 429).length).toBeGreaterThanOrEqual(10);
  });
});

describe('the response cache', () => {
  it('answers the same question again without a call, never that of another tenant, and the ledger says so', async () => {
    const before = upstream.asked.length;
    const [a, b] = [await chat('cached', 'bob'), await chat('cached', 'bob')];
    await eventually(async () => expect((await chat('cached', 'bob')).headers['x-keelson-cache']).toBe('hit'));
    expect(a.json()).toEqual(b.json());
    const mine = upstream.asked.length;
    expect((await chat('cached', 'ops')).headers['x-keelson-cache']).toBeUndefined();
    expect(upstream.asked.length).toBe(mine + 1);
    expect(mine - before).toBeLessThanOrEqual(2);
    const rows = await eventually(async () => {
      const kept = (await bench.ledger()).filter(({ user_id, outcome }) => user_id === 'bob' && outcome === 'cached');
      expect(kept.length).toBeGreaterThanOrEqual(1);
      return kept;
    });
    expect(rows[0]).toMatchObject({ attempts: 0, cost_nano_usd: '0', provider: 'cloud' });
  });
});

describe('the maintenance mode', () => {
  it('is on for every replica within a moment, and leaves health, metrics and its switch', async () => {
    const { one: here, other: there } = first();
    const put = (app: AccountingApp, payload: object) =>
      app.app.inject({ method: 'PUT', url: '/admin/maintenance', headers: as('ops'), payload });
    const on = await put(here, { enabled: true, message: 'The database moves.', retry_after_seconds: 120 });
    expect(on.json()).toMatchObject({ enabled: true, by: 'ops', retry_after_seconds: 120 });
    await eventually(async () =>
      expect((await there.app.inject({ url: '/v1/models', headers: as('bob') })).statusCode).toBe(503),
    );
    const refused = await there.app.inject({ url: '/v1/models', headers: as('bob') });
    expect(refused.headers['retry-after']).toBe('120');
    expect(refused.json().error).toMatchObject({
      code: 'maintenance',
      message: expect.stringContaining('The database moves.'),
    });
    for (const url of ['/health', '/health/live', '/health/ready', '/metrics'])
      expect((await there.app.inject(url)).statusCode).toBe(200);
    expect((await there.app.inject('/nowhere')).statusCode).toBe(503);
    // It is remembered by the replicas when Redis has forgotten it.
    await bench.redis.kill();
    await bench.redis.restart();
    const off = await put(there, { enabled: false });
    expect(off.statusCode).toBe(200);
    await eventually(async () => expect((await here.app.inject({ url: '/docs/json' })).statusCode).toBe(200));
    const log = await bench.pool.query(`SELECT action FROM audit.event_log WHERE subject = 'service' ORDER BY id`);
    expect(log.rows.map(({ action }) => action)).toEqual(['maintenance.enable', 'maintenance.disable']);
  });
});

describe('without Redis and PostgreSQL', () => {
  it('a small install limits by itself, and says what it cannot do', async () => {
    const alone = await accountingApp({
      redisUrl: undefined,
      pool: undefined,
      policy: { tiers: { standard: { rate: { requests: 2, windowSeconds: 60 } } } },
      tokens: { cli: 'token-of-cli' },
    });
    const ask = (url: string, init: object = {}) => alone.app.inject({ url, headers: as('cli'), ...init });
    const codes = await Promise.all([1, 2, 3].map(async () => (await ask('/v1/models')).statusCode));
    expect(codes.sort()).toEqual([200, 200, 429]);
    const limit = await ask('/api/v1/budget/limit', {
      method: 'POST',
      payload: { user_id: 'cli', period: 'daily', limit: 1 },
    });
    expect(limit.json().error).toMatchObject({ status: 503, cure: expect.stringContaining('POSTGRES_URL') });
    expect((await ask('/api/v1/budget/user/cli')).json()).toMatchObject({ spent: 0, limit: null });
    await alone.stop();
  });
});
