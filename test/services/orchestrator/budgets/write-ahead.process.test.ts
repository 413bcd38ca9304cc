import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { journalText, targetText } from '../../../../services/orchestrator/src/budgets/open-calls.ts';
import type { CallFacts } from '../../../../services/orchestrator/src/ledger/row.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { end, eventually } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { meteredProvider } from '../support/metered-provider.ts';
import { type ReplicaProcess, ReplicaProcesses } from '../support/processes.ts';

// One replica as a process, killed under load and started again on the same folder. A dollar a token: each answer takes 7.
const TOKENS = 7;

let redis: TestRedis;
let postgres: TestPostgres;
let pool: pg.Pool;
let replicas: ReplicaProcesses;
const upstream = new FaultyUpstream();
const folder = mkdtempSync(join(tmpdir(), 'keelson-ahead-'));

beforeAll(async () => {
  [redis, postgres] = await Promise.all([startRedis(), startPostgres(), upstream.start()]);
  pool = createPool(postgres.options);
  replicas = new ReplicaProcesses({
    redisUrl: redis.url,
    postgres: postgres.options,
    providers: [meteredProvider(upstream.url)],
    policy: {
      tiers: {
        standard: { rate: { requests: 1_000_000, windowSeconds: 60 }, budget: { daily: 1_000_000 } },
      },
    },
    tokens: { gus: JSON.stringify({ token: 'token-of-gus', roles: ['admin'] }) },
    env: { WRITE_AHEAD_DIR: folder },
  });
}, 120_000);
afterAll(async () => {
  await replicas.stop();
  await pool.end();
  await Promise.all([postgres.stop(), redis.stop(), upstream.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const started = async (): Promise<ReplicaProcess> => {
  const [replica] = await replicas.start(1);
  if (!replica) throw new Error('no replica');
  return replica;
};
const chat = async ({ url }: ReplicaProcess, who: string): Promise<number> => {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer token-of-gus' },
    body: JSON.stringify({
      model: 'small',
      messages: [{ role: 'user', content: 'hello' }],
      max_tokens: TOKENS + 3,
      user: who,
    }),
  });
  await answer.text();
  return answer.status;
};
const asked = () => upstream.asked.map(({ body }) => String(body.user));
const rows = async (): Promise<readonly { readonly who: string; readonly outcome: string }[]> =>
  (await pool.query("SELECT end_user AS who, outcome FROM accounting.ledger WHERE user_id = 'gus'")).rows;
const budget = async ({ url }: ReplicaProcess): Promise<unknown> => {
  const answer = await fetch(`${url}/api/v1/budget/user/gus`, { headers: { authorization: 'Bearer token-of-gus' } });
  return answer.json();
};

describe('a replica with a log on its disk', () => {
  it('knows after a kill -9 all that its backend was asked, and what each call cost whose answer was out', async () => {
    const doomed = await started();
    const answered = new Set<string>();
    const failed = new Set<string>();
    let next = 0;
    let killed = false;
    const work = async (): Promise<void> => {
      // Each call names another person, so that the ledger can be compared with what the backend was asked.
      while (!killed) {
        next += 1;
        const who = `person-${next}`;
        const status = await chat(doomed, who).catch(() => undefined);
        if (status === 200) answered.add(who);
        else failed.add(who);
      }
    };
    const running = Promise.all(Array.from({ length: 24 }, work));
    await eventually(() => expect(answered.size).toBeGreaterThan(600), 60_000);
    await end(doomed.child, 'SIGKILL');
    killed = true;
    await running;
    // What the kernel has outlives the process.
    expect(readdirSync(folder).length).toBeGreaterThan(0);
    const again = await started();
    await eventually(async () => {
      const found = await rows();
      expect(new Set(found.map(({ who }) => who)).size).toBe(found.length);
      expect(found.map(({ who }) => who)).toEqual(expect.arrayContaining(asked()));
      const successes = new Set(found.filter(({ outcome }) => outcome === 'success').map(({ who }) => who));
      expect([...answered].filter((who) => !successes.has(who))).toEqual([]);
      // Of those that were under way nobody knows the end.
      for (const { who, outcome } of found)
        if (!successes.has(who)) expect([outcome, failed.has(who)]).toEqual(['lost', true]);
      expect(await budget(again)).toMatchObject({ spent: successes.size * TOKENS, reserved: 0 });
    }, 40_000);
    await eventually(() => expect(again.logs()).toContain('"event":"log_recovered"'));
  }, 150_000);

  it('leaves nothing behind when it ends as it should', async () => {
    const replica = replicas.replicas.at(-1);
    if (!replica) throw new Error('no replica');
    for (let n = 0; n < 50; n += 1) expect(await chat(replica, `later-${n}`)).toBe(200);
    const code = new Promise((resolve) => replica.child.once('exit', resolve));
    replica.child.kill('SIGTERM');
    expect(await code).toBe(0);
    expect((await rows()).filter(({ who }) => who.startsWith('later-'))).toHaveLength(50);
    expect(readdirSync(folder)).toEqual([]);
  }, 30_000);

  it('takes for lost whose backend was asked, by the one that was asked last, and nothing that was taken back', async () => {
    const call = (id: string, sent: boolean) => {
      const facts: CallFacts = {
        request_id: id,
        tenant: 'gus',
        user_id: 'gus',
        user_tier: 'standard',
        caller: 'gus',
        end_user: `crafted-${id}`,
        endpoint: 'chat',
        model: 'small',
        private: false,
        stream: false,
        replica: 'dead',
      };
      return `R${id}|${Date.now()}|${journalText({ facts, target: { provider: 'first', tier: 1, model: 'm' }, sent })}`;
    };
    const lines = [
      call('asked', true),
      call('not-asked', false),
      call('asked-later', false),
      `Masked-later|${targetText({ provider: 'second', tier: 2, model: 'n' })}`,
      call('taken-back', true),
      'Xtaken-back',
      call('torn', true).slice(0, 60),
    ];
    // Of a process that is no more: numbers end below that one.
    writeFileSync(join(folder, 'dead~1~4194305-1.wal'), lines.join('\n'));
    const replica = await started();
    await eventually(async () => {
      const found = await pool.query(
        "SELECT request_id, outcome, provider FROM accounting.ledger WHERE end_user LIKE 'crafted-%' ORDER BY request_id",
      );
      expect(found.rows).toEqual([
        { request_id: 'asked', outcome: 'lost', provider: 'first' },
        { request_id: 'asked-later', outcome: 'lost', provider: 'second' },
      ]);
    }, 30_000);
    await eventually(() => expect(readdirSync(folder).filter((file) => file.startsWith('dead'))).toEqual([]));
    await eventually(() => expect(replica.logs()).toContain('"event":"log_recovered","count":2,"swept":2'));
  }, 90_000);
});
