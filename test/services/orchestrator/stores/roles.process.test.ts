import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { Evaluation } from '../../../../services/orchestrator/src/experiments/evaluation.ts';
import { ExperimentStore } from '../../../../services/orchestrator/src/experiments/store.ts';
import { DEFAULT_CRITERIA } from '../../../../services/orchestrator/src/experiments/types.ts';
import { Sampler } from '../../../../services/orchestrator/src/production/sampler.ts';
import { ProductionStore } from '../../../../services/orchestrator/src/production/store.ts';
import { QuarantineStore } from '../../../../services/orchestrator/src/quarantine/store.ts';
import { migrate } from '../../../../services/orchestrator/src/stores/postgres/migrations.ts';
import { createPool } from '../../../../services/orchestrator/src/stores/postgres/pool.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { MIGRATIONS } from '../support/feature-app.ts';

let database: TestPostgres;
let v1: pg.Pool;
let v2: pg.Pool;
let v3: pg.Pool;
beforeAll(async () => {
  database = await startPostgres();
  await migrate({ postgres: database.options, dir: MIGRATIONS });
  [v1, v2, v3] = ['platform_v1', 'platform_v2', 'platform_v3'].map((role) =>
    createPool({ ...database.options, role }),
  ) as [pg.Pool, pg.Pool, pg.Pool]; // Three names give three pools.
}, 30_000);
afterAll(async () => {
  await Promise.all([v1, v2, v3].map((pool) => pool.end()));
  await database.stop();
});

const actor = { caller: 'alice', tenant: 'default', requestId: 'r' };
const refused = { code: '42501' };

describe('each version works with its own role', () => {
  it('v1 runs, promotes and sets aside experiments, and does not touch what is measured of v2', async () => {
    const store = new ExperimentStore(v1);
    const evaluation = new Evaluation(v1);
    const { id } = await store.create(
      {
        name: 'e',
        description: '',
        primaryModel: 'm',
        secondaryModel: undefined,
        promptTemplate: 'p',
        routingStrategy: 'primary',
        tags: [],
        criteria: DEFAULT_CRITERIA,
      },
      actor,
    );
    const { run } = await store.begin(id, { samples: 1, language: undefined }, actor);
    await store.finish(run, { status: 'failed', error: 'x' });
    await evaluation.promote(id, true, actor);
    await evaluation.quarantine(id, { reason: 'r', impactAnalysis: {} }, actor);
    expect((await store.get(id, 'default')).status).toBe('quarantined');
    await expect(v1.query('DELETE FROM production.slo_samples')).rejects.toMatchObject(refused);
    await expect(v1.query('DELETE FROM quarantine.records')).rejects.toMatchObject(refused);
    await expect(v1.query('DELETE FROM production.models')).rejects.toMatchObject(refused);
  });

  it('v2 measures and reports, and does not see experiments', async () => {
    const sampler = new Sampler({
      pool: v2,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    sampler.samples.add('/x', 200, 1);
    await sampler.flush();
    expect(sampler.pending()).toEqual([]);
    const store = new ProductionStore(v2);
    expect(await store.routes(60, [])).toMatchObject([{ route: '/x', requests: 1 }]);
    expect(await store.models(60)).toEqual([]);
    expect(await store.active()).toEqual([]);
    await expect(v2.query('SELECT 1 FROM experiments_v1.experiments')).rejects.toMatchObject(refused);
    await expect(v2.query('SELECT 1 FROM quarantine.records')).rejects.toMatchObject(refused);
  });

  it('v3 reads what was set aside, and nothing of the others', async () => {
    const store = new QuarantineStore(v3);
    const page = await store.records('default', {
      status: undefined,
      experiment: undefined,
      limit: 10,
      after: undefined,
    });
    expect(page.records).toMatchObject([{ name: 'e', reason: 'r' }]);
    expect((await store.statistics('default')).total).toBe(1);
    await expect(v3.query('SELECT 1 FROM production.models')).rejects.toMatchObject(refused);
    await expect(v3.query('SELECT 1 FROM experiments_v1.experiments')).rejects.toMatchObject(refused);
  });

  it('each sees to the partitions of the coming months', async () => {
    for (const pool of [v1, v2, v3]) {
      const { rows } = await pool.query(`SELECT orchestrator.ensure_partitions('accounting.ledger', 5) AS made`);
      expect(rows).toEqual([{ made: pool === v1 ? 2 : 0 }]);
    }
    expect((await v2.query(`SELECT orchestrator.ensure_partitions('production.slo_samples')`)).rowCount).toBe(1);
  });

  it('each forgets what is too old of what it may delete, and nothing else', async () => {
    const drop = (pool: pg.Pool, table: string) =>
      pool.query(`SELECT orchestrator.drop_older('${table}', interval '2 months')`);
    for (const pool of [v1, v2, v3]) await drop(pool, 'accounting.ledger');
    await drop(v2, 'production.slo_samples');
    for (const pool of [v1, v3]) await expect(drop(pool, 'production.slo_samples')).rejects.toMatchObject(refused);
  });

  it('nobody changes the audit log', async () => {
    for (const pool of [v1, v2, v3])
      await expect(pool.query('DELETE FROM audit.event_log')).rejects.toMatchObject(refused);
  });
});
