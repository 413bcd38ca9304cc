import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { end, eventually } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { meteredProvider } from '../support/metered-provider.ts';
import { ReplicaProcesses } from '../support/processes.ts';

// Three replicas as processes, with real stores, and an upstream that keeps what it was asked. A dollar a token: what a call
// reserves (`max_tokens`) is what it costs, because each answer takes 7.
const TOKENS = 7;

let redis: TestRedis;
let postgres: TestPostgres;
let pool: pg.Pool;
const upstream = new FaultyUpstream();
let cluster: ReplicaProcesses;

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres(), upstream.start()]);
  pool = createPool(postgres.options);
  cluster = new ReplicaProcesses({
    redisUrl: redis.url,
    postgres: postgres.options,
    providers: [
      {
        ...meteredProvider(upstream.url),
        timeouts: { connect: 2_000, headers: 4_000, firstToken: 4_000, betweenChunks: 4_000, total: 5_000 },
      },
    ],
    policy: {
      tiers: {
        standard: { rate: { requests: 100_000, windowSeconds: 60 }, budget: { daily: 37 * TOKENS } },
        premium: { rate: { requests: 37, windowSeconds: 600 } },
        enterprise: { rate: { requests: 1_000_000, windowSeconds: 60 }, budget: { daily: 1_000_000 } },
      },
      identities: Object.fromEntries(
        ['ada', 'ben', 'cyd', 'dan', 'eve', 'fay', 'gus'].map((name) => [
          name,
          { tier: name === 'gus' ? 'enterprise' : name === 'ben' || name === 'fay' ? 'premium' : 'standard' },
        ]),
      ),
    },
    tokens: {
      ...Object.fromEntries(
        ['ada', 'ben', 'cyd', 'dan', 'eve', 'fay', 'gus'].map((name) => [name, `token-of-${name}`]),
      ),
      ops: JSON.stringify({ token: 'token-of-ops', roles: ['admin'] }),
    },
  });
  await cluster.start(3);
}, 120_000);
afterEach(() => upstream.reset());
afterAll(async () => {
  await cluster.stop();
  await pool.end();
  await Promise.all([postgres.stop(), redis.stop(), upstream.stop()]);
});

const replica = (n: number) => {
  const found = cluster.replicas[n % cluster.replicas.length];
  if (!found) throw new Error('no replica');
  return found;
};
const chat = async (n: number, caller: string, init: { stream?: boolean; signal?: AbortSignal } = {}) => {
  const answer = await fetch(`${replica(n).url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer token-of-${caller}` },
    body: JSON.stringify({
      model: 'small',
      messages: [{ role: 'user', content: 'hello' }],
      max_tokens: TOKENS,
      user: `${caller}-${n}`,
      stream: init.stream ?? false,
    }),
    ...(init.signal ? { signal: init.signal } : {}),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text };
};
/** 200 requests, released at once over the three replicas. */
const rush = (caller: string, each: (n: number) => void = () => undefined) =>
  Promise.all(
    Array.from({ length: 200 }, (_, n) => {
      each(n);
      return chat(n, caller);
    }),
  );
const passed = (answers: readonly { status: number }[]) => answers.filter(({ status }) => status === 200).length;
const rows = async (caller: string): Promise<Record<string, unknown>[]> =>
  (await pool.query('SELECT * FROM accounting.ledger WHERE user_id = $1 ORDER BY end_user', [caller])).rows;
/** Who was asked for, as the upstream has it. */
const asked = () => upstream.asked.map(({ body }) => String(body.user)).sort();

describe('three replicas', () => {
  it('let exactly 37 of 200 requests pass that a budget has room for', async () => {
    const answers = await rush('ada');
    expect(passed(answers)).toBe(37);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(163);
    await eventually(async () => expect(await rows('ada')).toHaveLength(37));
    expect((await rows('ada')).map(({ end_user }) => String(end_user)).sort()).toEqual(asked());
    const budget = await fetch(`${replica(1).url}/api/v1/budget/user/ada?period=daily`, {
      headers: { authorization: 'Bearer token-of-ops' },
    });
    expect(await budget.json()).toMatchObject({ spent: 259, reserved: 0, limit: 259, remaining: 0 });
  }, 60_000);

  it('let exactly 37 of 200 requests pass that a rate allows, and say so on every answer', async () => {
    const answers = await rush('ben');
    expect(passed(answers)).toBe(37);
    expect(upstream.asked).toHaveLength(37);
    for (const { headers } of answers) {
      expect(headers.get('x-ratelimit-limit')).toBe('37');
      expect(headers.get('x-ratelimit-remaining')).toMatch(/^\d+$/);
      expect(headers.get('x-ratelimit-reset')).toMatch(/^\d+$/);
    }
    for (const { status, headers } of answers)
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(500);
  }, 60_000);

  it('let at most one more pass each when Redis is killed in the middle, and know what was spent when it is back', async () => {
    upstream.fault = { kind: 'latency', ms: 300 };
    let killed: Promise<void> | undefined;
    const answers = await rush('cyd', (n) => {
      if (n === 120) killed = redis.kill();
    });
    await killed;
    expect(passed(answers)).toBeGreaterThanOrEqual(34);
    expect(passed(answers)).toBeLessThanOrEqual(40);
    await redis.restart();
    const more = await rush('cyd');
    expect(passed(answers) + passed(more)).toBeLessThanOrEqual(40);
    expect(passed(answers) + passed(more)).toBeGreaterThanOrEqual(37);
    await eventually(async () => expect(await rows('cyd')).toHaveLength(passed(answers) + passed(more)));
  }, 90_000);

  it('do the same with a rate', async () => {
    upstream.fault = { kind: 'latency', ms: 300 };
    let killed: Promise<void> | undefined;
    const answers = await rush('fay', (n) => {
      if (n === 120) killed = redis.kill();
    });
    await killed;
    await redis.restart();
    const more = await rush('fay');
    expect(passed(answers) + passed(more)).toBeLessThanOrEqual(40);
    expect(passed(answers) + passed(more)).toBeGreaterThanOrEqual(34);
  }, 90_000);

  it('keep a ledger that equals what the upstream was asked, after aborts, time-outs and a kill -9', async () => {
    const results: Promise<unknown>[] = [];
    const left: AbortController[] = [];
    for (let n = 0; n < 36; n += 1) {
      const abort = new AbortController();
      // In turn: a regular answer, one that never comes, a stream that stalls, and a client that leaves.
      const kind = n % 4;
      if (kind === 0) upstream.next.push({ kind: 'none' });
      if (kind === 1 || kind === 3) upstream.next.push({ kind: 'hang' });
      if (kind === 2) upstream.next.push({ kind: 'stall', at: 200 });
      if (kind === 3) left.push(abort);
      results.push(chat(n, 'dan', { stream: kind === 2, signal: abort.signal }).catch(() => undefined));
      // One after the other, so that each gets the fault that is meant for it.
      await eventually(() => expect(asked().length).toBe(n + 1));
    }
    for (const abort of left) abort.abort();
    await end(replica(2).child, 'SIGKILL');
    await Promise.all(results);
    await eventually(async () => expect(await rows('dan')).toHaveLength(36), 40_000);
    const ledger = await rows('dan');
    expect(ledger.map(({ end_user }) => String(end_user)).sort()).toEqual(asked());
    expect(new Set(ledger.map(({ request_id }) => request_id)).size).toBe(36);
    const outcomes = new Set(ledger.map(({ outcome }) => outcome));
    for (const outcome of ['success', 'client_closed', 'upstream_timeout', 'lost']) expect(outcomes).toContain(outcome);
    // What the one that was killed had reserved is free again.
    await eventually(async () => {
      const answer = await fetch(`${replica(0).url}/api/v1/budget/user/dan`, {
        headers: { authorization: 'Bearer token-of-ops' },
      });
      expect(await answer.json()).toMatchObject({ reserved: 0 });
    });
  }, 120_000);

  it('know every call that the upstream was asked for when one is killed under load, far from every limit', async () => {
    const [doomed] = await cluster.start(1);
    const at = cluster.replicas.length - 1;
    let next = 0;
    let killed = false;
    const work = async (): Promise<void> => {
      // Each call names another person, so that the ledger can be compared with what the upstream was asked.
      while (!killed) {
        next += 1;
        await chat(at + next * cluster.replicas.length, 'gus').catch(() => undefined);
      }
    };
    const running = Promise.all(Array.from({ length: 24 }, work));
    await eventually(() => expect(asked().length).toBeGreaterThan(400));
    killed = true;
    await end(doomed?.child as NonNullable<typeof doomed>['child'], 'SIGKILL');
    await running;
    await eventually(async () => {
      const ledger = await rows('gus');
      const names = ledger.map(({ end_user }) => String(end_user));
      expect(new Set(names).size).toBe(names.length);
      expect(names).toEqual(expect.arrayContaining(asked()));
      // Those that were about to be asked are taken for lost as well.
      const others = ledger.filter(({ end_user }) => !asked().includes(String(end_user)));
      expect(others.length).toBeLessThanOrEqual(24);
      for (const { outcome } of others) expect(outcome).toBe('lost');
    }, 40_000);
    await eventually(async () => {
      const answer = await fetch(`${replica(0).url}/api/v1/budget/user/gus`, {
        headers: { authorization: 'Bearer token-of-ops' },
      });
      expect(await answer.json()).toMatchObject({ reserved: 0 });
    });
  }, 90_000);

  it('write what they settled before they end', async () => {
    const [fresh] = await cluster.start(1);
    const at = cluster.replicas.length - 1;
    upstream.fault = { kind: 'latency', ms: 500 };
    const running = Array.from({ length: 10 }, () => chat(at, 'eve'));
    await eventually(() => expect(asked().length).toBe(10));
    fresh?.child.kill('SIGTERM');
    const code = await new Promise((resolve) => fresh?.child.once('close', resolve));
    expect(code).toBe(0);
    expect(passed(await Promise.all(running))).toBe(10);
    expect(await rows('eve')).toHaveLength(10);
  }, 60_000);
});
