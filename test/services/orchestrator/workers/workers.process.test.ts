import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { childrenOf } from '../../../../local/cluster/process-identity.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { eventually, freePort } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { meteredProvider } from '../support/metered-provider.ts';
import { type ReplicaProcess, ReplicaProcesses } from '../support/processes.ts';

// Services of two workers each, as processes, with real stores. A dollar a token, of which each answer takes 7.
const TOKENS = 7;

const main = join(import.meta.dirname, '../../../../services/orchestrator/src/main.ts');

let redis: TestRedis;
let postgres: TestPostgres;
let pool: pg.Pool;
const upstream = new FaultyUpstream();
let services: ReplicaProcesses;
let healthPort: number;

beforeAll(async () => {
  [redis, postgres, healthPort] = await Promise.all([startRedis(), startPostgres(), freePort(), upstream.start()]);
  pool = createPool(postgres.options);
});
beforeAll(async () => {
  services = new ReplicaProcesses({
    redisUrl: redis.url,
    postgres: postgres.options,
    providers: [meteredProvider(upstream.url)],
    policy: {
      tiers: {
        standard: { rate: { requests: 100_000, windowSeconds: 60 }, budget: { daily: 37 * TOKENS } },
        enterprise: { rate: { requests: 1_000_000, windowSeconds: 60 }, budget: { daily: 1_000_000 } },
      },
      identities: { ada: { tier: 'standard' }, ben: { tier: 'enterprise' }, cyd: { tier: 'enterprise' } },
    },
    tokens: { ada: 'token-of-ada', ben: 'token-of-ben', cyd: 'token-of-cyd' },
    env: { WORKERS: '2', HEALTH_STALL_SECONDS: '1', HEALTH_PORT: String(healthPort) },
  });
  await services.start(1);
}, 120_000);
afterEach(() => upstream.reset());
afterAll(async () => {
  await services.stop();
  await pool.end();
  await Promise.all([postgres.stop(), redis.stop(), upstream.stop()]);
});

const service = (): ReplicaProcess => {
  const found = services.replicas[0];
  if (!found) throw new Error('no service');
  return found;
};
const workers = (): readonly number[] => childrenOf(service().child.pid ?? 0);
/** Each on a connection of its own, which goes to one of the workers. */
const chat = async (caller: string, n: number, stream = false) => {
  const answer = await fetch(`${service().url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer token-of-${caller}`, connection: 'close' },
    body: JSON.stringify({
      model: 'small',
      messages: [{ role: 'user', content: 'hello' }],
      max_tokens: TOKENS,
      user: `${caller}-${n}`,
      stream,
    }),
  });
  return { status: answer.status, body: await answer.text() };
};
const counted = async (metric: string): Promise<number> => {
  const text = await (await fetch(`${service().url}/metrics`, { headers: { connection: 'close' } })).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
};
const probe = async (path: string) => {
  const answer = await fetch(`http://127.0.0.1:${healthPort}${path}`);
  return { status: answer.status, body: await answer.text() };
};
const asked = (): readonly string[] => upstream.asked.map(({ body }) => String(body.user)).sort();
const rows = async (caller: string): Promise<readonly { readonly who: string; readonly outcome: string }[]> =>
  (await pool.query('SELECT end_user AS who, outcome FROM accounting.ledger WHERE user_id = $1', [caller])).rows;
const booked = async (caller: string): Promise<readonly string[]> => (await rows(caller)).map(({ who }) => who).sort();

describe('a service of two workers', () => {
  it('lets exactly 37 of 200 requests pass that a budget has room for, and counts them as one', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => chat('ada', n)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(37);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(163);
    await eventually(async () => expect(await booked('ada')).toEqual(asked()));
    expect(workers()).toHaveLength(2);
    // Whichever of them is asked.
    for (let n = 0; n < 4; n += 1) {
      expect(await counted('llm_requests_total')).toBe(37);
      expect(await counted('budget_rejections_total')).toBe(163);
      expect(await counted('provider_breaker_state')).toBe(0);
    }
  });

  it('gives way to the process that answers probes', () => {
    const own = getPriority(service().child.pid);
    expect(workers().map((pid) => getPriority(pid) - own)).toEqual([5, 5]);
  });

  it('goes on with one of them, has two again, and every call in the ledger', async () => {
    const before = await counted('http_requests_total');
    const [first = 0] = workers();
    const answers: Promise<unknown>[] = [];
    const failed = new Set<string>();
    for (let n = 0; n < 100; n += 1) {
      answers.push(chat('ben', n).catch(() => failed.add(`ben-${n}`)));
      if (n === 50) process.kill(first, 'SIGKILL');
      if (n % 10 === 0) await new Promise(setImmediate);
    }
    await Promise.all(answers);
    await eventually(() => expect(workers()).toHaveLength(2));
    expect(workers()).not.toContain(first);
    await eventually(async () => expect(await probe('/health/ready')).toMatchObject({ status: 200 }), 20_000);
    for (let n = 100; n < 104; n += 1) expect(await chat('ben', n)).toMatchObject({ status: 200 });
    // The other one takes over its journal when it is taken for dead. A call that was noted there, and whose worker was killed before it
    // asked, is there as lost, and its client got no answer.
    await eventually(async () => {
      const asking = new Set(asked());
      const found = await rows('ben');
      const unasked = found.filter(({ who, outcome }) => outcome === 'lost' && !asking.has(who) && failed.has(who));
      const others = found.filter((row) => !unasked.includes(row));
      expect(others.map(({ who }) => who).sort()).toEqual(asked());
      expect(new Set(unasked.map(({ who }) => who)).size).toBe(unasked.length);
    }, 30_000);
    expect(service().logs()).toContain('"event":"worker_ended","signal":"SIGKILL"');
    expect(await counted('http_requests_total')).toBeGreaterThan(before);
  }, 60_000);

  it('says so on the port of the probes when one of them hangs, until it does not any more', async () => {
    const [first = 0] = workers();
    expect(await probe('/health/live')).toEqual({ status: 200, body: '{"status":"ok"}' });
    process.kill(first, 'SIGSTOP');
    try {
      await eventually(async () => expect((await probe('/health/live')).body).toContain('event loop has not turned'));
      expect((await probe('/health/ready')).status).toBe(503);
    } finally {
      process.kill(first, 'SIGCONT');
    }
    await eventually(async () => expect((await probe('/health/live')).status).toBe(200));
  });

  it('ends with what kept its workers from serving', async () => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main], {
      env: {
        PATH: process.env.PATH ?? '',
        WORKERS: '2',
        FEATURES: 'gateway',
        REDIS_URL: redis.url,
        // Of no machine: RFC 5737.
        HOST: '192.0.2.1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect(code).toBe(1);
    expect(said).toContain('EADDRNOTAVAIL');
  });

  it('lets streams come to their end on SIGTERM, is not ready meanwhile, and ends with 0 and nobody left behind', async () => {
    upstream.fault = { kind: 'gate', at: 300 };
    const left = workers();
    const streams = Promise.all(Array.from({ length: 4 }, (_, n) => chat('cyd', n, true)));
    await eventually(() => expect(upstream.asked).toHaveLength(4));
    const { child } = service();
    const code = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await eventually(async () => expect((await probe('/health/ready')).body).toContain('shutting down'));
    upstream.release();
    for (const { status, body } of await streams) {
      expect(status).toBe(200);
      expect(body).toMatch(/data: \[DONE\]\s*$/);
    }
    expect(await code).toBe(0);
    for (const pid of left) expect(() => process.kill(pid, 0)).toThrow();
    expect(await booked('cyd')).toEqual(asked());
  }, 40_000);
});
