import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { copyLine } from '../../../../services/orchestrator/src/ledger/copy-format.ts';
import { PostgresLedger } from '../../../../services/orchestrator/src/ledger/postgres-ledger.ts';
import { factsOf, type LedgerRow, lostRow, settledRow } from '../../../../services/orchestrator/src/ledger/row.ts';
import { LedgerWriter, type NewRow } from '../../../../services/orchestrator/src/ledger/writer.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { Bench, callOf, identityOf, settlement, target } from '../support/replicas.ts';

let bench: Bench;
let ledger: PostgresLedger;
beforeAll(async () => {
  bench = await Bench.start();
  ledger = new PostgresLedger(bench.pool);
}, 30_000);
afterEach(() => bench.clear());
afterAll(() => bench.stop());

const at = Date.UTC(2026, 10, 21, 12);
const facts = (id: string, endUser?: string) =>
  factsOf(callOf(id, 1, { endUser }), identityOf('standard-ada'), 'standard-ada', 'replica-1');
const row = (id: string, cost: number, when = at) => copyLine(settledRow(facts(id), when, settlement(cost)));
const fresh = (settled: LedgerRow, reserved = false): NewRow => ({
  line: copyLine(settled),
  reserved,
});
const ended = (id: string, cost: number, reserved = false) =>
  fresh(settledRow(facts(id), at, settlement(cost)), reserved);
const lost = (id: string) => copyLine(lostRow(facts(id), at, target));
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the ledger in PostgreSQL', () => {
  it('takes a row once, whoever writes it, and lets only that of a lost call be replaced', async () => {
    await ledger.write([row('1', 5), lost('2')]);
    await Promise.all([ledger.write([row('1', 99), row('2', 7)]), ledger.write([lost('1')])]);
    await ledger.write([lost('2')]);
    expect((await bench.ledger()).map(({ outcome, cost_nano_usd }) => [outcome, cost_nano_usd])).toEqual([
      ['success', '5'],
      ['success', '7'],
    ]);
  });

  it('takes rows of calls that ended, beside those that it has, and those that PostgreSQL has a reservation of', async () => {
    await ledger.write([row('had', 5), lost('lost')]);
    const reservation = { requestId: 'reserved', at, user: 'ada', amountNanoUsd: 9, replica: 'replica-1', entry: '{}' };
    await ledger.publish([reservation]);
    await ledger.append([ended('had', 99), ended('lost', 7), ended('new', 3), ended('reserved', 4, true)]);
    await ledger.append([ended('later', 2)]);
    const rows = (await bench.ledger()).map(({ request_id, cost_nano_usd }) => [request_id, Number(cost_nano_usd)]);
    expect(Object.fromEntries(rows)).toEqual({ had: 5, later: 2, lost: 7, new: 3, reserved: 4 });
    expect(await ledger.spending('ada', at)).toMatchObject({ reserved: 0 });
  });

  it('keeps every value of a row, whichever way it is written', async () => {
    const strange = 'tab\t newline\n return\r back\\slash \\N "quote" \'äö🛶';
    const settled = settledRow({ ...facts('copied'), model: strange, end_user: strange }, at, {
      ...settlement(5),
      firstTokenMs: 0.25,
    });
    const without = settledRow({ ...facts('nulls'), end_user: null, private: true }, at, settlement(5));
    await ledger.append([fresh(settled), fresh(without)]);
    await ledger.write([settled, without].map((one) => copyLine({ ...one, request_id: `${one.request_id}-written` })));
    const known = (await bench.pool.query('SELECT * FROM accounting.ledger ORDER BY request_id')).rows;
    const [copied, copiedWritten, nulls, nullsWritten] = known.map(
      ({ recorded_at: _, request_id: __, ...rest }) => rest,
    );
    expect(copied).toEqual(copiedWritten);
    expect(nulls).toEqual(nullsWritten);
    expect(copied).toMatchObject({ model: strange, end_user: strange, first_token_ms: 0.25, private: false });
    expect(nulls).toMatchObject({ end_user: null, first_token_ms: null, private: true });
  });

  it('counts a call as reserved until its row is there, and never as both', async () => {
    const reservation = {
      requestId: '1',
      at,
      user: 'standard-ada',
      amountNanoUsd: 9,
      replica: 'replica-1',
      entry: '{}',
    };
    await ledger.publish([reservation, reservation]);
    expect(await ledger.spending('standard-ada', at)).toMatchObject({
      reserved: 9,
      spent: { daily: 0 },
      open: [reservation],
    });
    await ledger.write([row('1', 5)]);
    expect(await ledger.spending('standard-ada', at)).toMatchObject({ reserved: 0, spent: { daily: 5 }, open: [] });
  });

  it('adds up days, weeks from Monday and months', async () => {
    await ledger.write([
      row('today', 1),
      row('monday', 10, Date.UTC(2026, 10, 16)),
      row('sunday', 100, Date.UTC(2026, 10, 15, 23, 59)),
      row('october', 1_000, Date.UTC(2026, 9, 31)),
    ]);
    expect((await ledger.spending('standard-ada', at)).spent).toEqual({ daily: 1, weekly: 11, monthly: 111 });
    expect(await ledger.topSpenders('weekly', at, 10)).toMatchObject([
      { user: 'standard-ada', costNanoUsd: 11, requests: 2 },
    ]);
  });

  it('reserves exactly what there is room for, however many ask at once', async () => {
    const limits = { daily: 37, weekly: undefined, monthly: undefined };
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        ledger.reserve({ requestId: `${n}`, at, user: 'eve', amountNanoUsd: 1, replica: 'r', entry: '{}' }, limits),
      ),
    );
    expect(answers.filter((full) => full === undefined)).toHaveLength(37);
    expect(answers.filter((full) => full === 'daily')).toHaveLength(23);
  });

  it('reserves nothing while another replica relies on Redis', async () => {
    const limits = { daily: 37, weekly: undefined, monthly: undefined };
    const ask = (requestId: string) =>
      ledger.reserve({ requestId, at, user: 'eve', amountNanoUsd: 1, replica: 'cut-off', entry: '{}' }, limits);
    await ledger.seen('other', true);
    await ledger.seen('cut-off', true);
    expect(await ask('1')).toBe('split');
    expect(await ledger.rateUsed('cut-off', 'key', 60)).toBeUndefined();
    await ledger.seen('other', false);
    expect(await ask('2')).toBeUndefined();
    expect(await ledger.rateUsed('cut-off', 'key', 60)).toBe(0);
  });

  it('keeps what a caller named as far as PostgreSQL can, and one bad row does not hold up the others', async () => {
    const named = facts('odd', 'a\0b\ud800');
    expect(named.end_user).toBe('ab\ufffd');
    const refused: unknown[] = [];
    const writer = new LedgerWriter({
      write: (rows) => ledger.append(rows),
      onWritten: () => undefined,
      intervalMs: 100,
      log: { ...quiet, error: (fields) => void refused.push(fields) },
    });
    writer.add('1', ended('1', 1));
    const bad = settledRow(facts('bad'), at, settlement(1));
    writer.add('bad', fresh({ ...bad, cached_tokens: 100, prompt_tokens: 1 }));
    writer.add('2', ended('2', 1));
    await writer.drain();
    expect((await bench.ledger()).map(({ request_id }) => request_id)).toEqual(['1', '2']);
    expect(refused).toMatchObject([{ event: 'ledger_row_refused', request_id: 'bad' }]);
  });

  it('is kept up by a role that may do no more than its version needs', async () => {
    const old = 'accounting.ledger_2020_01';
    const there = async (table: string) => (await bench.pool.query('SELECT to_regclass($1) AS t', [table])).rows[0].t;
    const add = (parent: string, name: string) =>
      bench.pool.query(
        `CREATE TABLE ${name} PARTITION OF ${parent} FOR VALUES FROM ('2020-01-01+00') TO ('2020-02-01+00')`,
      );
    await add('accounting.ledger', old);
    await add('production.slo_samples', 'production.slo_samples_2020_01');
    const upkeep = async (role: string, months: number | undefined) => {
      const pool = createPool({ ...bench.postgres.options, role });
      const limited = new PostgresLedger(pool);
      await limited.write([row('1', 5)]);
      await limited.seen('replica-3', true);
      await limited.upkeep(months);
      expect(await limited.spending('standard-ada', at)).toMatchObject({ spent: { daily: 5 } });
      await pool.end();
    };
    await upkeep('platform_v3', undefined);
    expect(await there(old)).toBe(old);
    // The samples are not of this version.
    await upkeep('platform_v3', 25);
    expect(await there(old)).toBeNull();
    expect(await there('production.slo_samples_2020_01')).not.toBeNull();
    await upkeep('platform_v2', undefined);
    expect(await there('production.slo_samples_2020_01')).toBeNull();
    expect(await bench.ledger()).toHaveLength(1);
  });
});
