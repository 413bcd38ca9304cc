import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Permit } from '../../../../services/orchestrator/src/gateway/admission.ts';
import { eventually } from '../../../support/processes.ts';
import { Bench, permits, type Replica, type ReplicaOptions, settlement, target } from '../support/replicas.ts';

const DOLLAR = 1e9;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
}, 30_000);
afterEach(() => bench.clear());
afterAll(() => bench.stop());

const budget = (daily: number, more: object = {}) => ({
  tiers: { standard: { rate: { requests: 100_000, windowSeconds: 60 }, budget: { daily }, ...more } },
});
const one = async (policy: object, options: ReplicaOptions = {}): Promise<Replica> => {
  const [replica] = await bench.replicas(1, policy, options);
  if (!replica) throw new Error('no replica');
  return replica;
};
/** As many calls as asked for, released at once over the replicas in turn. */
const rush = (replicas: readonly Replica[], count: number, cost: number, prefix = 'r') =>
  Promise.all(
    Array.from({ length: count }, (_, n) => replicas[n % replicas.length]?.admit(`${prefix}${n}`, cost)),
  ).then((admissions) => admissions.filter((admission) => admission !== undefined));

describe('budgets', () => {
  it('let exactly as many calls pass at once as there is room for, over three replicas', async () => {
    const replicas = await bench.replicas(3, budget(37));
    const admissions = await rush(replicas, 200, DOLLAR);
    expect(permits(admissions)).toHaveLength(37);
    const refused = admissions.find((admission) => !admission.admitted);
    expect(refused).toMatchObject({
      error: {
        code: 'budget_exceeded',
        statusCode: 429,
        message: expect.stringContaining('daily one. Of 37 USD, 37 are spent or reserved'),
        retryAfterSeconds: expect.any(Number),
      },
      headers: { 'x-should-retry': 'false', 'x-ratelimit-limit': '100000' },
    });
  });

  it('take what a call costs in place of what it reserved, and give back what it did not use', async () => {
    const replica = await one(budget(10));
    const [first, second] = permits(await rush([replica], 2, 4 * DOLLAR));
    first?.settle(settlement(1 * DOLLAR));
    second?.refund();
    await replica.accounting.drain();
    const tier = replica.accounting.limits.tierOf({ tier: 'standard' });
    const state = await replica.spending.of('standard-ada', 'daily', tier);
    expect(state).toMatchObject({ spent: DOLLAR, reserved: 0, limit: 10 * DOLLAR });
    expect(permits(await rush([replica], 9, DOLLAR, 's'))).toHaveLength(9);
    expect(permits(await rush([replica], 9, DOLLAR, 't'))).toHaveLength(0);
    // What costs nothing passes whatever was spent.
    expect((await replica.admit('free', 0))?.admitted).toBe(true);
  });

  it('are rebuilt from PostgreSQL, with what is under way, when Redis has lost everything', async () => {
    const replicas = await bench.replicas(3, budget(37));
    const held = permits(await rush(replicas, 20, DOLLAR));
    for (const permit of held.slice(0, 10)) permit.settle(settlement(DOLLAR));
    await bench.redis.kill();
    await bench.redis.restart();
    // 10 spent, 10 under way: 17 more.
    expect(permits(await rush(replicas, 200, DOLLAR, 's'))).toHaveLength(17);
    for (const permit of held.slice(10)) permit.refund();
    await Promise.all(replicas.map(({ accounting }) => accounting.drain()));
    expect(permits(await rush(replicas, 200, DOLLAR, 't'))).toHaveLength(10);
  });

  it('hold while Redis is gone: an open tier goes on through PostgreSQL, a closed one is refused', async () => {
    const replicas = await bench.replicas(3, {
      tiers: {
        standard: { budget: { daily: 37 }, withoutRedis: 'open' },
        premium: { budget: { daily: 37 }, withoutRedis: 'closed' },
      },
    });
    const before = permits(await rush(replicas, 5, DOLLAR));
    await bench.redis.kill();
    const [open, closed] = await Promise.all([
      rush(replicas, 200, DOLLAR, 's'),
      replicas[0]?.admit('p', DOLLAR, { caller: 'premium-bob' }),
    ]);
    expect(closed).toMatchObject({ error: { code: 'policy_unavailable', statusCode: 503, retryAfterSeconds: 1 } });
    expect(before.length + permits(open).length).toBe(37);
    // And back: what was spent meanwhile is known.
    for (const permit of permits(open).slice(0, 20)) permit.settle(settlement(DOLLAR));
    for (const permit of permits(open).slice(20)) permit.refund();
    await bench.redis.restart();
    await eventually(async () => {
      for (const { accounting } of replicas) expect(accounting.coordination.state).toBe('ready');
    });
    await Promise.all(replicas.map(({ accounting }) => accounting.drain()));
    const after = permits(await rush(replicas, 200, DOLLAR, 't'));
    expect(before.length + 20 + after.length).toBe(37);
  });

  it('settle with Redis what PostgreSQL reserved while Redis was gone', async () => {
    const replicas = await bench.replicas(3, budget(37));
    await rush(replicas, 1, 0);
    await bench.redis.kill();
    const held = permits(await rush(replicas, 6, DOLLAR, 's'));
    expect(held).toHaveLength(6);
    await bench.redis.restart();
    await eventually(async () => {
      for (const { accounting } of replicas) expect(accounting.coordination.state).toBe('ready');
    });
    // Redis learns of the six from PostgreSQL.
    const later = permits(await rush(replicas, 1, DOLLAR, 't'));
    const state = () =>
      replicas[0]?.spending.of('standard-ada', 'daily', replicas[0].accounting.limits.tierOf({ tier: 'standard' }));
    expect(await state()).toMatchObject({ spent: 0, reserved: 7 * DOLLAR });
    for (const permit of [...held, ...later]) permit.settle(settlement(DOLLAR / 2));
    await Promise.all(replicas.map(({ accounting }) => accounting.drain()));
    expect(await state()).toMatchObject({ spent: 3.5 * DOLLAR, reserved: 0 });
  });

  it('overshoot by at most one call per replica when Redis dies in the middle of a rush', async () => {
    const replicas = await bench.replicas(3, budget(37));
    const permitted: Permit[] = [];
    const running = Array.from({ length: 200 }, async (_, n) => {
      if (n === 100) await bench.redis.kill();
      const admission = await replicas[n % 3]?.admit(`r${n}`, DOLLAR);
      if (admission?.admitted) permitted.push(admission);
    });
    await Promise.all(running);
    expect(permitted.length).toBeGreaterThanOrEqual(30);
    expect(permitted.length).toBeLessThanOrEqual(40);
    await bench.redis.restart();
  });

  it('let one call of each user pass per replica when neither store is there', async () => {
    const replicas = await bench.replicas(2, budget(37));
    await bench.redis.kill();
    await bench.postgres.kill();
    const admissions = await rush(replicas, 20, DOLLAR);
    expect(permits(admissions).length).toBeLessThanOrEqual(2);
    // With PostgreSQL back, calls go on, though Redis is not.
    await bench.postgres.restart();
    const later: Permit[] = [];
    await eventually(async () => {
      later.push(...permits(await rush(replicas, 2, DOLLAR / 100, `s${Math.random()}`)));
      expect(later.length).toBeGreaterThanOrEqual(4);
    }, 40_000);
    await bench.redis.restart();
    const all = [...permits(admissions), ...later];
    for (const permit of all) permit.settle(settlement(DOLLAR));
    await Promise.all(replicas.map(({ accounting }) => accounting.drain()));
    expect((await bench.ledger()).filter(({ outcome }) => outcome === 'success')).toHaveLength(all.length);
  });

  it('keep to a limit that is set for a user, on every replica at once, and leave a trace of it', async () => {
    const replicas = await bench.replicas(2, budget(1));
    await rush(replicas, 1, DOLLAR);
    const by = { actor: 'cli', tenant: 'cli', requestId: 'q' };
    expect(await replicas[0]?.spending.setLimit('standard-ada', 'daily', 5 * DOLLAR, by)).toBeUndefined();
    expect(permits(await rush(replicas, 20, DOLLAR, 's'))).toHaveLength(4);
    expect(await replicas[1]?.spending.setLimit('standard-ada', 'daily', undefined, by)).toBe(5 * DOLLAR);
    expect(permits(await rush(replicas, 20, DOLLAR, 't'))).toHaveLength(0);
    const log = await bench.pool.query('SELECT action, old_value, new_value FROM audit.event_log ORDER BY id');
    expect(log.rows).toEqual([
      {
        action: 'budget.limit.set',
        old_value: { limit_nano_usd: null },
        new_value: { limit_nano_usd: 5 * DOLLAR },
      },
      {
        action: 'budget.limit.remove',
        old_value: { limit_nano_usd: 5 * DOLLAR },
        new_value: { limit_nano_usd: null },
      },
    ]);
  });

  it('are those of the person whom a trusted front end names, and nobody else can name one', async () => {
    const trusted = await one(budget(2), { roles: ['delegate'] });
    const name = (endUser: string) => ({ endUser });
    expect(permits([await trusted.admit('1', 2 * DOLLAR, name('eve'))])).toHaveLength(1);
    expect(permits([await trusted.admit('2', DOLLAR, name('eve'))])).toHaveLength(0);
    expect(permits([await trusted.admit('3', DOLLAR, name('mia'))])).toHaveLength(1);
    await bench.clear();
    const plain = await one(budget(2));
    expect(permits([await plain.admit('1', 2 * DOLLAR, name('eve'))])).toHaveLength(1);
    expect(permits([await plain.admit('2', DOLLAR, name('mia'))])).toHaveLength(0);
  });
});

/** Resolves when Redis knows that so many dollars were spent. */
const told = ({ spending, accounting }: Replica, spent: number) =>
  eventually(async () => {
    const tier = accounting.limits.tierOf({ tier: 'standard' });
    expect(await spending.of('standard-ada', 'daily', tier)).toMatchObject({ spent: spent * DOLLAR });
  });

describe('the ledger', () => {
  it('has one row for each call, with tokens, cost and who it was', async () => {
    const replicas = await bench.replicas(3, budget(1_000));
    const held = permits(await rush(replicas, 30, DOLLAR));
    for (const [n, permit] of held.entries()) {
      permit.sending?.(target);
      permit.settle(
        settlement(
          DOLLAR / 2,
          n === 0 ? { outcome: 'client_closed', status: 499, usage: undefined, costNanoUsd: 0 } : {},
        ),
      );
    }
    await Promise.all(replicas.map(({ accounting }) => accounting.drain()));
    const rows = await bench.ledger();
    expect(rows).toHaveLength(30);
    expect(new Set(rows.map((row) => row.request_id)).size).toBe(30);
    expect(rows[1]).toMatchObject({
      user_id: 'standard-ada',
      tenant: 'standard-ada',
      user_tier: 'standard',
      provider: 'cloud',
      provider_tier: 1,
      model: 'small',
      provider_model: 'up-small',
      prompt_tokens: '11',
      cached_tokens: '4',
      completion_tokens: '7',
      cost_nano_usd: String(DOLLAR / 2),
      outcome: 'success',
    });
    expect(rows.filter(({ outcome }) => outcome === 'client_closed')).toHaveLength(1);
    expect(await replicas[0]?.spending.topSpenders('daily', 10)).toEqual([
      {
        user: 'standard-ada',
        costNanoUsd: 14.5 * DOLLAR,
        requests: 30,
        promptTokens: 319,
        cachedTokens: 116,
        completionTokens: 203,
      },
    ]);
    // Nothing of it stays in the journals.
    for (const { accounting, redis } of replicas)
      expect(await redis.command('HLEN', `ko:journal:${accounting.replica}`)).toBe(0);
  });

  it('gets the rows of a replica that was killed from another one, and the budget what it had reserved', async () => {
    const [killed, ...rest] = await bench.replicas(3, budget(10), { leaseMs: 1_000 });
    const held = permits(await rush([killed as Replica], 10, DOLLAR));
    // Two were settled and are not in PostgreSQL yet; five asked a backend; three did not get so far.
    for (const permit of held.slice(0, 7)) permit.sending?.(target);
    for (const permit of held.slice(0, 2)) permit.settle(settlement(DOLLAR));
    await told(killed as Replica, 2);
    killed?.vanish();
    await eventually(async () => expect(await bench.ledger()).toHaveLength(7));
    const rows = await bench.ledger();
    expect(rows.filter(({ outcome }) => outcome === 'success')).toHaveLength(2);
    expect(rows.filter(({ outcome }) => outcome === 'lost')).toHaveLength(5);
    await eventually(async () => expect(permits(await rush(rest, 1, 8 * DOLLAR, `s${Math.random()}`))).toHaveLength(1));
    expect(permits(await rush(rest, 5, DOLLAR, 't'))).toHaveLength(0);
  });

  it('counts what a replica settled that died just before Redis was cut off, and had not written it', async () => {
    const [killed, other] = await bench.replicas(2, budget(10));
    const held = permits(await rush([killed as Replica], 4, DOLLAR));
    for (const permit of held) permit.settle(settlement(DOLLAR));
    await told(killed as Replica, 4);
    killed?.vanish();
    // Redis keeps what it has; the other replica cannot know that, and begins anew.
    await other?.redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'no').catch(() => undefined);
    await eventually(async () =>
      expect(permits(await rush([other as Replica], 1, 6 * DOLLAR, `s${Math.random()}`))).toHaveLength(1),
    );
    expect(permits(await rush([other as Replica], 5, DOLLAR, 't'))).toHaveLength(0);
  });

  it('takes the true end of a call that was taken for lost, and charges it', async () => {
    const [slow, other] = await bench.replicas(2, budget(10), { leaseMs: 1_000 });
    const [permit] = permits(await rush([slow as Replica], 1, DOLLAR));
    permit?.sending?.(target);
    await slow?.redis.ping();
    other?.accounting.participation.died([slow?.accounting.replica ?? '']);
    await eventually(async () => expect(await bench.ledger()).toMatchObject([{ outcome: 'lost' }]));
    permit?.settle(settlement(3 * DOLLAR));
    await slow?.accounting.drain();
    expect(await bench.ledger()).toMatchObject([{ outcome: 'success', cost_nano_usd: String(3 * DOLLAR) }]);
    const tier = (other as Replica).accounting.limits.tierOf({ tier: 'standard' });
    expect(await other?.spending.of('standard-ada', 'daily', tier)).toMatchObject({ spent: 3 * DOLLAR, reserved: 0 });
  });

  it('loses nothing while PostgreSQL is gone', async () => {
    const replica = await one(budget(1_000));
    const held = permits(await rush([replica], 20, DOLLAR));
    await bench.postgres.kill();
    for (const permit of held) permit.settle(settlement(DOLLAR));
    await eventually(() => expect(replica.accounting.writer.size).toBe(20));
    await expect(replica.accounting.writer.flush()).rejects.toThrow('PostgreSQL');
    await bench.postgres.restart();
    await replica.accounting.drain();
    expect(await bench.ledger()).toHaveLength(20);
  });
});

describe('rate limits', () => {
  const rate = (requests: number, withoutRedis = 'open') => ({
    tiers: { standard: { rate: { requests, windowSeconds: 60 }, withoutRedis } },
  });

  it('let exactly as many calls pass at once as they say, over three replicas, and say so in headers', async () => {
    const replicas = await bench.replicas(3, rate(37));
    const admissions = await rush(replicas, 200, 0);
    expect(permits(admissions)).toHaveLength(37);
    const refused = admissions.find((admission) => !admission.admitted);
    expect(refused).toMatchObject({
      error: { code: 'rate_limited', statusCode: 429, retryAfterSeconds: 60 },
      headers: { 'x-ratelimit-limit': '37', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' },
    });
    const left = permits(admissions).map(({ headers }) => Number(headers['x-ratelimit-remaining']));
    expect(left.sort((a, b) => a - b)).toEqual(Array.from({ length: 37 }, (_, n) => n));
    expect(await replicas[0]?.registry.getSingleMetricAsString('rate_limit_rejections_total')).toContain(
      '{user_tier="standard",route="/v1/chat/completions"}',
    );
  });

  it('count each endpoint and each user by itself, and limit routes that call no model as well', async () => {
    const replica = await one({
      tiers: {
        standard: { rate: { requests: 2, windowSeconds: 60 }, rates: { '/x': { requests: 1, windowSeconds: 5 } } },
      },
    });
    const ada = { caller: 'a', user: 'ada', tenant: 'a', tier: 'standard', roles: new Set<never>() };
    const { accounting } = replica;
    expect(await accounting.limits.limit(ada, '/x')).toMatchObject({ limit: 1, remaining: 0 });
    await expect(accounting.limits.limit(ada, '/x')).rejects.toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 5,
    });
    expect(await accounting.limits.limit(ada, '/y')).toMatchObject({ limit: 2, remaining: 1 });
    expect(await accounting.limits.limit({ ...ada, user: 'bob' }, '/x')).toMatchObject({ remaining: 0 });
  });

  it('remember who was let through when Redis has lost everything', async () => {
    const replicas = await bench.replicas(3, rate(37));
    expect(permits(await rush(replicas, 20, 0))).toHaveLength(20);
    await bench.redis.kill();
    await bench.redis.restart();
    expect(permits(await rush(replicas, 200, 0, 's'))).toHaveLength(17);
  });

  it('share out what is left while Redis is gone', async () => {
    const replicas = await bench.replicas(3, rate(37));
    expect(permits(await rush(replicas, 7, 0))).toHaveLength(7);
    await bench.redis.kill();
    expect(permits(await rush(replicas, 200, 0, 's'))).toHaveLength(30);
    await bench.redis.restart();
  });
});
