import type pg from 'pg';
import { AppError } from '../errors/app-error.ts';
import { writeAudit } from '../stores/postgres/audit-entry.ts';
import { transaction } from '../stores/postgres/transaction.ts';
import { type Check, checkCriteria, explain } from './criteria.ts';
import { type Actor, conflict, lock, setStatus } from './store.ts';
import type { Experiment } from './types.ts';

/** A promotion that took place. */
export interface Promotion {
  /** The id of the row in `production.models`. */
  readonly id: string;
  readonly forced: boolean;
  readonly checks: readonly Check[];
}

export interface Quarantined {
  /** The id of the row in `quarantine.records`. */
  readonly id: string;
  readonly at: string;
}

/** Decides about experiments: into production, or into quarantine. */
export class Evaluation {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /**
   * Promotes an experiment: it replaces what is active in production under its name. Promoted already, nothing changes.
   *
   * @param force Also when it does not meet its criteria.
   * @throws AppError `promotion_refused` with each criterion that is not met, `experiment_conflict`, `experiment_not_found`
   */
  async promote(id: string, force: boolean, actor: Actor): Promise<Promotion> {
    const result = await transaction(this.#pool, async (client) => {
      const experiment = await lock(client, id, actor.tenant);
      const checks = checkCriteria(experiment.criteria, experiment.metrics);
      const known = await activeModel(client, id);
      if (experiment.status === 'promoted' && known) return { promotion: { ...known, checks } };
      if (experiment.status === 'running') throw conflict('It is running.', 'Wait until its run is complete.');
      if (experiment.status === 'quarantined')
        throw conflict('It is quarantined.', 'Create a new experiment without what it was quarantined for.');
      const failed = checks.filter(({ passed }) => !passed);
      if (failed.length > 0 && !force) {
        await decide(client, experiment, { decision: 'refused', forced: false, reasons: failed.map(explain) }, actor);
        // Not thrown here: that the promotion was refused is to be on record.
        return { refused: failed };
      }
      await client.query('UPDATE production.models SET active = false, retired_at = now() WHERE name = $1 AND active', [
        experiment.name,
      ]);
      const forced = failed.length > 0;
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO production.models
           (name, primary_model, secondary_model, prompt_template, routing_strategy, experiment, metrics, forced, promoted_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
        [
          experiment.name,
          experiment.primaryModel,
          experiment.secondaryModel ?? null,
          experiment.promptTemplate,
          experiment.routingStrategy,
          id,
          JSON.stringify(experiment.metrics ?? {}),
          forced,
          actor.caller,
        ],
      );
      await setStatus(client, id, 'promoted');
      await decide(client, experiment, { decision: 'promoted', forced, reasons: failed.map(explain) }, actor);
      return { promotion: { id: rows[0]?.id ?? '', forced, checks } };
    });
    if (result.promotion) return result.promotion;
    throw new AppError('promotion_refused', { details: (result.refused ?? []).map(explain) });
  }

  /**
   * Sets an experiment aside: out of production, if it is there, and its run ends.
   *
   * @throws AppError `experiment_conflict` when it is quarantined already, `experiment_not_found`
   */
  quarantine(
    id: string,
    why: { readonly reason: string; readonly impactAnalysis: Readonly<Record<string, unknown>> },
    actor: Actor,
  ): Promise<Quarantined> {
    return transaction(this.#pool, async (client) => {
      const experiment = await lock(client, id, actor.tenant);
      if (experiment.status === 'quarantined')
        throw conflict('It is quarantined already.', 'GET /api/v1/quarantine/records has the record.');
      await client.query(
        'UPDATE production.models SET active = false, retired_at = now() WHERE experiment = $1 AND active',
        [id],
      );
      await client.query(
        `UPDATE experiments_v1.runs SET status = 'failed', error = 'the experiment was quarantined', finished_at = now()
         WHERE experiment = $1 AND status = 'running'`,
        [id],
      );
      const { rows } = await client.query<{ id: string; quarantined_at: Date }>(
        `INSERT INTO quarantine.records (experiment, name, reason, impact_analysis, snapshot, tenant, quarantined_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id, quarantined_at`,
        [
          id,
          experiment.name,
          why.reason,
          JSON.stringify(why.impactAnalysis),
          JSON.stringify(experiment),
          actor.tenant,
          actor.caller,
        ],
      );
      await setStatus(client, id, 'quarantined');
      await decide(client, experiment, { decision: 'quarantined', forced: false, reasons: [why.reason] }, actor);
      const [record] = rows;
      return { id: record?.id ?? '', at: (record?.quarantined_at ?? new Date()).toISOString() };
    });
  }
}

async function activeModel(
  client: pg.ClientBase,
  experiment: string,
): Promise<{ readonly id: string; readonly forced: boolean } | undefined> {
  const { rows } = await client.query<{ id: string; forced: boolean }>(
    'SELECT id, forced FROM production.models WHERE experiment = $1 AND active',
    [experiment],
  );
  return rows[0];
}

async function decide(
  client: pg.ClientBase,
  experiment: Experiment,
  decision: {
    readonly decision: 'promoted' | 'refused' | 'quarantined';
    readonly forced: boolean;
    readonly reasons: readonly unknown[];
  },
  actor: Actor,
): Promise<void> {
  await client.query(
    `INSERT INTO experiments_v1.evaluations (experiment, decision, forced, reasons, metrics, decided_by)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      experiment.id,
      decision.decision,
      decision.forced,
      JSON.stringify(decision.reasons),
      JSON.stringify(experiment.metrics ?? {}),
      actor.caller,
    ],
  );
  await writeAudit(client, {
    actor: actor.caller,
    tenant: actor.tenant,
    action: `experiment.${decision.decision}`,
    subject: `experiment/${experiment.id}`,
    oldValue: { status: experiment.status },
    newValue: { ...decision, name: experiment.name },
    requestId: actor.requestId,
  });
}
