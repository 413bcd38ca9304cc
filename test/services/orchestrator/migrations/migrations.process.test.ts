import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { migrate } from '../../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';

const dir = join(import.meta.dirname, '../../../../services/orchestrator/migrations');
const names = readdirSync(dir).map((file) => file.replace('.sql', ''));

let server: TestPostgres;
let pool: pg.Pool;
beforeAll(async () => {
  server = await startPostgres();
  pool = createPool(server.options);
}, 30_000);
afterAll(async () => {
  await pool.end();
  await server.stop();
});

const up = () => migrate({ postgres: server.options, dir });
const down = () => migrate({ postgres: server.options, dir, direction: 'down', count: names.length });
const schemas = async () =>
  (
    await pool.query<{ name: string }>(
      "SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1",
    )
  ).rows.map(({ name }) => name);
/** Everything that the migrations made, so that two states can be compared. */
const objects = async () =>
  (
    await pool.query<{ what: string }>(
      `SELECT c.oid::regclass::text || ' ' || c.relkind::text AS what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname !~ '^(pg_|information_schema)' AND n.nspname || '.' || c.relname !~ '^orchestrator.migrations'
       UNION ALL SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
       WHERE n.nspname !~ '^(pg_|information_schema)' ORDER BY 1`,
    )
  ).rows.map(({ what }) => what);

describe('migrations', () => {
  it('run once when several replicas start together', async () => {
    const all = await Promise.all([up(), up(), up()]);
    expect(all.flat()).toEqual(names);
    expect(await schemas()).toEqual(
      expect.arrayContaining(['accounting', 'audit', 'experiments_v1', 'production', 'quarantine', 'rag']),
    );
  });

  it('go back to nothing, and forward to the same', async () => {
    const made = await objects();
    await pool.query(`INSERT INTO audit.event_log (actor, tenant, action, subject) VALUES ('a', 'default', 'b', 'c')`);
    expect(await down()).toEqual([...names].reverse());
    expect(await objects()).toEqual([]);
    await up();
    expect(await objects()).toEqual(made);
  });
});

describe('audit.event_log', () => {
  it('is only ever added to, and answers what the operations guide asks', async () => {
    await pool.query(
      `INSERT INTO audit.event_log (actor, tenant, action, subject, old_value, new_value)
       VALUES ('alice', 'default', 'budget.limit', 'user_123', '{"limit": 5}', '{"limit": 10}')`,
    );
    for (const change of [
      `UPDATE audit.event_log SET actor = 'mallory'`,
      'DELETE FROM audit.event_log',
      'TRUNCATE audit.event_log',
    ]) {
      await expect(pool.query(change)).rejects.toThrow('append-only');
    }
    const read = await pool.query('SELECT * FROM audit.event_log ORDER BY timestamp DESC LIMIT 100;');
    expect(read.rows).toMatchObject([{ actor: 'alice', old_value: { limit: 5 }, new_value: { limit: 10 } }]);
  });
});

describe('time series', () => {
  const partitions = async (parent: string) =>
    (
      await pool.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '${parent}'::regclass ORDER BY 1`,
      )
    ).rows.map(({ name }) => name);
  const sample = (at: string) =>
    pool.query(
      `INSERT INTO production.slo_samples (at, replica, route, interval_seconds, requests, errors) VALUES (${at}, 'r', '/x', 10, 5, 1)`,
    );

  it('are partitions by month where TimescaleDB is missing, for the last, this and three coming months', async () => {
    expect(await partitions('accounting.ledger')).toHaveLength(6);
    await sample('now()');
    const held = await pool.query('SELECT tableoid::regclass::text AS name FROM production.slo_samples');
    expect(held.rows[0].name).toMatch(/slo_samples_\d{4}_\d{2}$/);
  });

  it('keep what comes for a month without a partition, and move it there later', async () => {
    await sample(`now() + interval '5 months'`);
    const read = async () =>
      (
        await pool.query(
          `SELECT tableoid::regclass::text AS name FROM production.slo_samples WHERE at > now() + interval '4 months'`,
        )
      ).rows[0].name;
    expect(await read()).toBe('production.slo_samples_default');
    const made = await pool.query(`SELECT orchestrator.ensure_partitions('production.slo_samples', 6) AS made`);
    expect(made.rows[0].made).toBe(3);
    expect(await read()).toMatch(/slo_samples_\d{4}_\d{2}$/);
  });

  it('forget whole months, and only those that are old enough', async () => {
    const before = await partitions('accounting.ledger');
    const drop = (keep: string) =>
      pool.query(`SELECT orchestrator.drop_older('accounting.ledger', '${keep}') AS dropped`);
    expect((await drop('2 months')).rows[0].dropped).toBe(0);
    expect((await drop('0 days')).rows[0].dropped).toBe(1);
    expect(await partitions('accounting.ledger')).toEqual(before.slice(1));
    await pool.query(`SELECT orchestrator.ensure_partitions('accounting.ledger')`);
    expect(await partitions('accounting.ledger')).toEqual(before);
  });

  it('find the rows of a time by a summary of their pages, also in months to come', async () => {
    await pool.query(`SELECT orchestrator.ensure_partitions('accounting.ledger', 5)`);
    const summaries = await pool.query(
      `SELECT relid::regclass::text AS partition FROM pg_partition_tree('accounting.ledger_at') i
       JOIN pg_index ON indexrelid = i.relid JOIN pg_class c ON c.oid = indexrelid JOIN pg_am m ON m.oid = c.relam
       WHERE isleaf AND amname = 'brin'`,
    );
    expect(summaries.rows).toHaveLength((await partitions('accounting.ledger')).length);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      // The tables are empty here; what is asked is which index can answer.
      await client.query('SET LOCAL enable_seqscan = off');
      const plan = await client.query(`EXPLAIN SELECT sum(cost_nano_usd) FROM accounting.ledger WHERE at >= now()`);
      expect(JSON.stringify(plan.rows)).toMatch(/Bitmap Index Scan on ledger_\w+_at_idx/);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('are hypertables where TimescaleDB is there', async () => {
    await down();
    // What TimescaleDB offers, as far as the migrations go; it records what it is asked for.
    await pool.query(`
      CREATE TABLE public.asked (name regclass, time_column name, chunk interval);
      CREATE FUNCTION public.create_hypertable(relation regclass, time_column name, chunk_time_interval interval) RETURNS void
      LANGUAGE sql AS 'INSERT INTO public.asked VALUES (relation, time_column, chunk_time_interval)'`);
    await up();
    const asked = await pool.query('SELECT name::text, time_column FROM public.asked ORDER BY 1');
    expect(asked.rows).toEqual([
      { name: 'accounting.ledger', time_column: 'at' },
      { name: 'production.slo_samples', time_column: 'at' },
    ]);
    expect(await partitions('accounting.ledger')).toEqual([]);
    expect((await pool.query(`SELECT orchestrator.ensure_partitions('accounting.ledger') AS n`)).rows[0].n).toBe(0);
    await down();
    await pool.query('DROP FUNCTION public.create_hypertable; DROP TABLE public.asked');
    await up();
  });
});

describe('the roles of the three versions', () => {
  const as = async (role: string, statement: string) => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SET LOCAL ROLE ${role}`);
      return await client.query(statement);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  };
  const record = `INSERT INTO quarantine.records (experiment, name, reason, quarantined_by) VALUES (gen_random_uuid(), 'n', 'r', 'a')`;
  const model = `INSERT INTO production.models (name, primary_model, promoted_by) VALUES ('n', 'gpt-4', 'a')`;

  it('let each version write what is its own, and the first hand over to the others', async () => {
    await as('platform_v2', model);
    await as('platform_v1', model);
    await as('platform_v1', record);
    await as('platform_v3', record);
    for (const role of ['platform_v1', 'platform_v2', 'platform_v3']) {
      await as(role, `INSERT INTO audit.event_log (actor, tenant, action, subject) VALUES ('a', 'd', 'b', 'c')`);
      await as(role, `SELECT orchestrator.ensure_partitions('accounting.ledger')`);
    }
  });

  it('keep them out of what is not', async () => {
    const refused: [string, string][] = [
      ['platform_v3', 'SELECT * FROM production.models'],
      ['platform_v3', 'SELECT * FROM experiments_v1.experiments'],
      ['platform_v2', 'SELECT * FROM quarantine.records'],
      ['platform_v2', 'DELETE FROM experiments_v1.experiments'],
      ['platform_v1', 'DELETE FROM production.models'],
      ['platform_v1', 'DELETE FROM quarantine.records'],
      ['platform_v1', 'SELECT * FROM production.slo_samples'],
      ['platform_v2', `DELETE FROM audit.event_log`],
    ];
    for (const [role, statement] of refused) await expect(as(role, statement)).rejects.toThrow('permission denied');
  });
});

describe('migrations by a role that may not make roles', () => {
  it('do without them, as in a database whose owner is nobody else', async () => {
    for (const version of [1, 2, 3]) await pool.query(`ALTER ROLE platform_v${version} RENAME TO other_v${version}`);
    await pool.query('CREATE ROLE plain LOGIN');
    await pool.query('CREATE DATABASE plain OWNER plain');
    const url = server.options.url.replace(/\/postgres$/, '/plain');
    const postgres = { url, user: 'plain', password: 'unused' };
    expect(await migrate({ postgres, dir })).toEqual(names);
    expect(await migrate({ postgres, dir, direction: 'down', count: names.length })).toHaveLength(names.length);
  });
});
