import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Admission, Permit } from '../../../../services/orchestrator/src/gateway/admission.ts';
import { eventually } from '../../../support/processes.ts';
import { Bench, permits, type Replica, settlement, target } from '../support/replicas.ts';

const DOLLAR = 1e9;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start();
}, 30_000);
afterEach(() => bench.clear());
afterAll(() => bench.stop());

/** Large enough that replicas hold some of it in advance. */
const budget = (daily: number) => ({
  tiers: { standard: { rate: { requests: 1_000_000, windowSeconds: 60 }, budget: { daily } } },
});
const rate = (requests: number) => ({ tiers: { standard: { rate: { requests, windowSeconds: 60 } } } });

/** Calls over all replicas, so many at a time, each ended before the next begins. */
async function traffic(
  replicas: readonly Replica[],
  count: number,
  cost: number,
  each: (permit: Permit, n: number) => void = () => undefined,
  prefix = 'r',
): Promise<Admission[]> {
  const admissions: Admission[] = [];
  let next = 0;
  const work = async (replica: Replica): Promise<void> => {
    while (next < count) {
      const n = next;
      next += 1;
      const admission = await replica.admit(`${prefix}${n}`, cost, { straight: true });
      admissions.push(admission);
      if (admission.admitted) each(admission, n);
    }
  };
  await Promise.all(replicas.flatMap((replica) => Array.from({ length: 10 }, () => work(replica))));
  return admissions;
}

const settle =
  (cost: number) =>
  (permit: Permit): void => {
    permit.sending?.(target);
    permit.settle(settlement(cost));
  };
const stateOf = (replica: Replica) =>
  replica.spending.of('standard-ada', 'daily', replica.accounting.limits.tierOf({ tier: 'standard' }));
const drain = (replicas: readonly Replica[]) => Promise.all(replicas.map(({ accounting }) => accounting.drain()));
const first = (replicas: readonly Replica[]): Replica => {
  const [replica] = replicas;
  if (!replica) throw new Error('no replica');
  return replica;
};
/** How often Redis ran a script. */
const scripts = async ({ redis }: Replica): Promise<number> => {
  const text = String(await redis.command('INFO', 'commandstats'));
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0);
};
/** What of the keys of one kind is left. */
const left = async ({ redis }: Replica, pattern: string): Promise<unknown> => redis.command('KEYS', pattern);

describe('what replicas hold in advance', () => {
  it('spares Redis the questions of a user who is far from every limit', async () => {
    const replicas = await bench.replicas(3, budget(1_000_000));
    const before = await scripts(first(replicas));
    expect(permits(await traffic(replicas, 3_000, DOLLAR, settle(DOLLAR)))).toHaveLength(3_000);
    expect((await scripts(first(replicas))) - before).toBeLessThan(1_500);
    await drain(replicas);
    expect(await stateOf(first(replicas))).toMatchObject({ spent: 3_000 * DOLLAR, reserved: 0 });
    expect(await bench.ledger()).toHaveLength(3_000);
    // Nothing of it stays: no credit, no places, no entry.
    await eventually(async () => {
      expect(await left(first(replicas), 'ko:journal:*')).toEqual([]);
      expect(await left(first(replicas), 'ko:p:*')).toEqual([]);
    });
  });

  it('lets exactly as many calls pass as a budget has room for', async () => {
    const replicas = await bench.replicas(3, budget(2_000));
    const admissions = await traffic(replicas, 6_000, DOLLAR, settle(DOLLAR));
    expect(permits(admissions)).toHaveLength(2_000);
    await drain(replicas);
    expect(await stateOf(first(replicas))).toMatchObject({ spent: 2_000 * DOLLAR, reserved: 0 });
    expect(await bench.ledger()).toHaveLength(2_000);
  });

  it('lets exactly as many calls pass as a rate allows, and says how many are left', async () => {
    const replicas = await bench.replicas(3, rate(2_000));
    const admissions = await traffic(replicas, 6_000, 0, settle(0));
    expect(permits(admissions)).toHaveLength(2_000);
    const headers = permits(admissions).map((permit) => Number(permit.headers['x-ratelimit-remaining']));
    for (const remaining of headers) {
      expect(remaining).toBeGreaterThanOrEqual(0);
      expect(remaining).toBeLessThan(2_000);
    }
    // What the others hold is taken, as far as this replica knows.
    expect(headers[0]).toBeGreaterThan(1_000);
    expect(Math.min(...headers)).toBe(0);
  });

  it('is given back by whoever does not use it, for a call that would have room in it', async () => {
    const replicas = await bench.replicas(3, budget(1_000));
    const others = replicas.slice(1);
    await traffic(others, 60, DOLLAR, (permit) => permit.refund());
    await drain(others);
    // More than what is left beside what the others hold.
    expect(permits([await first(replicas).admit('all', 1_000 * DOLLAR)])).toHaveLength(1);
    expect(permits([await first(replicas).admit('more', DOLLAR)])).toHaveLength(0);
  });

  it('comes back from a replica that is killed', async () => {
    const replicas = await bench.replicas(3, budget(1_000), { leaseMs: 1_000 });
    const [killed, ...rest] = replicas;
    const held: Permit[] = [];
    await traffic([killed as Replica], 100, DOLLAR, (permit, n) => {
      permit.sending?.(target);
      if (n < 50) permit.settle(settlement(DOLLAR));
      else held.push(permit);
    });
    await eventually(async () => expect(await stateOf(first(rest))).toMatchObject({ spent: 50 * DOLLAR }));
    killed?.vanish();
    await eventually(async () => expect(await stateOf(first(rest))).toMatchObject({ reserved: 0 }));
    const rows = await bench.ledger();
    expect(rows.filter(({ outcome }) => outcome === 'lost')).toHaveLength(held.length);
    expect(permits([await first(rest).admit('all', 950 * DOLLAR)])).toHaveLength(1);
    expect(permits([await first(rest).admit('more', 1)])).toHaveLength(0);
  });

  it('is of no use any more to a replica that was taken for dead, whose calls are settled all the same', async () => {
    const replicas = await bench.replicas(2, budget(1_000));
    const [slow, other] = replicas as [Replica, Replica];
    const held: Permit[] = [];
    await traffic([slow], 100, DOLLAR, (permit) => held.push(permit));
    for (const permit of held) permit.sending?.(target);
    other.accounting.participation.died([slow.accounting.replica]);
    await eventually(async () =>
      expect((await bench.ledger()).filter(({ outcome }) => outcome === 'lost')).toHaveLength(100),
    );
    const later = permits(await traffic([slow], 100, DOLLAR, (permit) => permit.sending?.(target), 's'));
    expect(later).toHaveLength(100);
    for (const permit of [...held, ...later]) permit.settle(settlement(DOLLAR));
    await drain(replicas);
    await eventually(async () => expect(await stateOf(other)).toMatchObject({ spent: 200 * DOLLAR, reserved: 0 }));
    const rows = await bench.ledger();
    expect(rows.filter(({ outcome }) => outcome === 'success')).toHaveLength(200);
    expect(permits([await other.admit('all', 800 * DOLLAR)])).toHaveLength(1);
    expect(permits([await slow.admit('more', 1)])).toHaveLength(0);
  });

  it('ends with Redis: at most one call too many per replica, and all of them in the ledger', async () => {
    const replicas = await bench.replicas(3, budget(2_000));
    let passed = 0;
    let killed: Promise<void> | undefined;
    const count = (permit: Permit) => {
      passed += 1;
      if (passed === 1_000) killed = bench.redis.kill().then(() => bench.redis.restart());
      settle(DOLLAR)(permit);
    };
    await traffic(replicas, 3_000, DOLLAR, count);
    await killed;
    await eventually(() => {
      for (const { accounting } of replicas) expect(accounting.coordination.state).toBe('ready');
    });
    await traffic(replicas, 3_000, DOLLAR, count, 's');
    expect(passed).toBeGreaterThanOrEqual(2_000);
    expect(passed).toBeLessThanOrEqual(2_003);
    await drain(replicas);
    expect(await bench.ledger()).toHaveLength(passed);
    await eventually(async () =>
      expect(await stateOf(first(replicas))).toMatchObject({ spent: passed * DOLLAR, reserved: 0 }),
    );
  }, 60_000);

  it('is worth nothing when Redis takes no more notes: PostgreSQL goes on, exactly', async () => {
    const replicas = await bench.replicas(2, budget(500));
    const held = permits(await traffic(replicas, 200, DOLLAR));
    expect(held).toHaveLength(200);
    await first(replicas).redis.command('CONFIG', 'SET', 'maxmemory', '1');
    for (const permit of held) settle(DOLLAR)(permit);
    const later = permits(await traffic(replicas, 100, DOLLAR, () => undefined, 's'));
    expect(later).toHaveLength(100);
    await first(replicas).redis.command('CONFIG', 'SET', 'maxmemory', '0');
    for (const permit of later) settle(DOLLAR)(permit);
    await drain(replicas);
    await eventually(() => {
      for (const { accounting } of replicas) expect(accounting.coordination.state).toBe('ready');
    });
    expect(permits(await traffic(replicas, 400, DOLLAR, settle(DOLLAR), 't'))).toHaveLength(200);
    await drain(replicas);
    expect(await bench.ledger()).toHaveLength(500);
    await eventually(async () =>
      expect(await stateOf(first(replicas))).toMatchObject({ spent: 500 * DOLLAR, reserved: 0 }),
    );
  }, 60_000);

  it('is no more than a limit that an operator sets, as soon as that is set', async () => {
    const replicas = await bench.replicas(3, budget(100_000));
    expect(permits(await traffic(replicas, 600, DOLLAR, settle(DOLLAR)))).toHaveLength(600);
    // All of them hold some now.
    const by = { actor: 'cli', tenant: 'cli', requestId: 'q' };
    await first(replicas).spending.setLimit('standard-ada', 'daily', DOLLAR, by);
    expect(permits(await traffic(replicas, 300, DOLLAR, settle(DOLLAR), 's'))).toHaveLength(0);
  });
});
