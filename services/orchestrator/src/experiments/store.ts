import type pg from 'pg';
import { AppError } from '../errors/app-error.ts';
import { writeAudit } from '../stores/postgres/audit-entry.ts';
import { type Cursor, encodeCursor } from '../stores/postgres/cursor.ts';
import { guarded } from '../stores/postgres/pool.ts';
import { transaction } from '../stores/postgres/transaction.ts';
import { EXPERIMENT, type ExperimentRow, experimentOf, type RunRow, runOf } from './rows.ts';
import type { Experiment, ExperimentStatus, NewExperiment, Run, RunMetrics, SampleResult } from './types.ts';

/** Who acts, for the records and the audit log. */
export interface Actor {
  readonly caller: string;
  readonly tenant: string;
  readonly requestId: string;
}

export interface Filter {
  readonly status: ExperimentStatus | undefined;
  readonly tag: string | undefined;
  readonly limit: number;
  readonly after: Cursor | undefined;
}

/** A running run that was silent for this long belongs to a replica that ended. */
export const SILENT_SECONDS = 60;

/** Experiments and their runs, in the schema `experiments_v1`. */
export class ExperimentStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  create(experiment: NewExperiment, actor: Actor): Promise<Experiment> {
    return transaction(this.#pool, async (client) => {
      const { rows } = await client.query<ExperimentRow>(
        `INSERT INTO experiments_v1.experiments
           (name, description, primary_model, secondary_model, prompt_template, routing_strategy, tags, criteria, tenant, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${EXPERIMENT}`,
        [
          experiment.name,
          experiment.description,
          experiment.primaryModel,
          experiment.secondaryModel ?? null,
          experiment.promptTemplate,
          experiment.routingStrategy,
          experiment.tags,
          JSON.stringify(experiment.criteria),
          actor.tenant,
          actor.caller,
        ],
      );
      const made = experimentOf(only(rows));
      await writeAudit(client, {
        actor: actor.caller,
        tenant: actor.tenant,
        action: 'experiment.create',
        subject: `experiment/${made.id}`,
        newValue: { name: made.name, status: made.status },
        requestId: actor.requestId,
      });
      return made;
    });
  }

  /** @throws AppError `experiment_not_found`, also for one of another tenant */
  async get(id: string, tenant: string): Promise<Experiment> {
    await this.#endSilentRuns();
    const { rows } = await guarded(() =>
      this.#pool.query<ExperimentRow>(
        `SELECT ${EXPERIMENT} FROM experiments_v1.experiments WHERE id = $1 AND tenant = $2`,
        [id, tenant],
      ),
    );
    const [row] = rows;
    if (!row) throw new AppError('experiment_not_found');
    return experimentOf(row);
  }

  /** Newest first. */
  async list(
    tenant: string,
    { status, tag, limit, after }: Filter,
  ): Promise<{ readonly experiments: Experiment[]; readonly next: string | undefined }> {
    await this.#endSilentRuns();
    const { rows } = await guarded(() =>
      this.#pool.query<ExperimentRow & { readonly at: string }>(
        `SELECT ${EXPERIMENT}, to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
         FROM experiments_v1.experiments
         WHERE tenant = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR tags @> ARRAY[$3])
           AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $6`,
        [tenant, status ?? null, tag ?? null, after?.at ?? null, after?.id ?? null, limit + 1],
      ),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last ? encodeCursor({ at: last.at, id: last.id }) : undefined;
    return { experiments: page.map(experimentOf), next };
  }

  /** The runs of an experiment, the newest first. */
  async runs(experiment: string, limit = 10): Promise<Run[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<RunRow>(
        `SELECT r.id, r.status, r.language, r.samples, r.metrics, r.error, r.started_at, r.finished_at,
           (SELECT count(DISTINCT position)::int FROM experiments_v1.run_results x WHERE x.run = r.id) AS done
         FROM experiments_v1.runs r WHERE r.experiment = $1 ORDER BY r.started_at DESC LIMIT $2`,
        [experiment, limit],
      ),
    );
    return rows.map(runOf);
  }

  async results(run: string): Promise<(SampleResult & { readonly sample: string })[]> {
    const { rows } = await guarded(() =>
      this.#pool.query(
        `SELECT position, model, sample, output, error, score, latency_ms, prompt_tokens::int, completion_tokens::int,
           cost_nano_usd::float8 FROM experiments_v1.run_results WHERE run = $1 ORDER BY position, model`,
        [run],
      ),
    );
    return rows.map((row: Record<string, unknown>) => ({
      position: Number(row.position),
      model: String(row.model),
      sample: String(row.sample),
      output: row.output === null ? undefined : String(row.output),
      error: row.error === null ? undefined : String(row.error),
      score: row.score === null ? undefined : Number(row.score),
      latencyMs: Number(row.latency_ms ?? 0),
      promptTokens: Number(row.prompt_tokens),
      completionTokens: Number(row.completion_tokens),
      costNanoUsd: Number(row.cost_nano_usd),
    }));
  }

  /**
   * Begins a run.
   *
   * @throws AppError `experiment_conflict` when one runs already, or the experiment was promoted or quarantined
   */
  begin(
    id: string,
    run: { readonly samples: number; readonly language: string | undefined },
    actor: Actor,
  ): Promise<{ readonly run: string; readonly experiment: Experiment }> {
    return transaction(this.#pool, async (client) => {
      const experiment = await lock(client, id, actor.tenant);
      switch (experiment.status) {
        case 'running':
          throw conflict('It is running already.', 'Wait until the run under way is complete.');
        case 'promoted':
          throw conflict('It was promoted.', 'Create a new experiment for a change of what is in production.');
        case 'quarantined':
          throw conflict('It is quarantined.', 'Create a new experiment without what it was quarantined for.');
        case 'created':
        case 'completed':
        case 'failed':
      }
      const { rows } = await client.query<{ id: string }>(
        `INSERT INTO experiments_v1.runs (experiment, samples, language, started_by) VALUES ($1, $2, $3, $4) RETURNING id`,
        [id, run.samples, run.language ?? null, actor.caller],
      );
      await setStatus(client, id, 'running');
      return { run: only(rows).id, experiment };
    });
  }

  /** Stores the answers to one sample. @returns false when the run is over: it was ended from elsewhere */
  async add(run: string, sample: string, results: readonly SampleResult[]): Promise<boolean> {
    return transaction(this.#pool, async (client) => {
      const alive = await client.query(
        `UPDATE experiments_v1.runs SET heartbeat_at = now() WHERE id = $1 AND status = 'running'`,
        [run],
      );
      if (alive.rowCount !== 1) return false;
      for (const result of results) {
        await client.query(
          `INSERT INTO experiments_v1.run_results
             (run, position, model, sample, output, error, score, latency_ms, prompt_tokens, completion_tokens, cost_nano_usd)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
          [
            run,
            result.position,
            result.model,
            sample,
            result.output ?? null,
            result.error ?? null,
            result.score ?? null,
            result.latencyMs,
            result.promptTokens,
            result.completionTokens,
            result.costNanoUsd,
          ],
        );
      }
      return true;
    });
  }

  /** @returns false when the run is over: it was ended from elsewhere */
  async beat(run: string): Promise<boolean> {
    const beaten = await guarded(() =>
      this.#pool.query(`UPDATE experiments_v1.runs SET heartbeat_at = now() WHERE id = $1 AND status = 'running'`, [
        run,
      ]),
    );
    return beaten.rowCount === 1;
  }

  /** Ends a run that is running; the experiment takes over its metrics. */
  finish(
    run: string,
    end:
      | { readonly status: 'completed'; readonly metrics: RunMetrics }
      | { readonly status: 'failed'; readonly error: string },
  ): Promise<void> {
    return transaction(this.#pool, async (client) => {
      const metrics = end.status === 'completed' ? JSON.stringify(end.metrics) : '{}';
      const ended = await client.query<{ experiment: string }>(
        `UPDATE experiments_v1.runs SET status = $2, metrics = $3, error = $4, finished_at = now()
         WHERE id = $1 AND status = 'running' RETURNING experiment`,
        [run, end.status, metrics, end.status === 'failed' ? end.error : null],
      );
      const experiment = ended.rows[0]?.experiment;
      if (experiment === undefined) return;
      await client.query(
        `UPDATE experiments_v1.experiments SET status = $2, updated_at = now(),
           metrics = CASE WHEN $2 = 'completed' THEN $3::jsonb ELSE metrics END
         WHERE id = $1 AND status = 'running'`,
        [experiment, end.status, metrics],
      );
    });
  }

  /** Runs whose replica ended are told by their silence, and end here: whoever looks at experiments puts them right. */
  async #endSilentRuns(): Promise<void> {
    await guarded(() =>
      this.#pool.query(
        `WITH silent AS (
           UPDATE experiments_v1.runs SET status = 'failed', error = 'the replica that ran it ended', finished_at = now()
           WHERE status = 'running' AND heartbeat_at < now() - make_interval(secs => $1) RETURNING experiment
         )
         UPDATE experiments_v1.experiments SET status = 'failed', updated_at = now()
         WHERE id IN (SELECT experiment FROM silent) AND status = 'running'`,
        [SILENT_SECONDS],
      ),
    );
  }
}

/** Reads an experiment and keeps others from changing it until the transaction ends. */
export async function lock(client: pg.ClientBase, id: string, tenant: string): Promise<Experiment> {
  const { rows } = await client.query<ExperimentRow>(
    `SELECT ${EXPERIMENT} FROM experiments_v1.experiments WHERE id = $1 AND tenant = $2 FOR UPDATE`,
    [id, tenant],
  );
  const [row] = rows;
  if (!row) throw new AppError('experiment_not_found');
  return experimentOf(row);
}

export async function setStatus(client: pg.ClientBase, id: string, status: ExperimentStatus): Promise<void> {
  await client.query('UPDATE experiments_v1.experiments SET status = $2, updated_at = now() WHERE id = $1', [
    id,
    status,
  ]);
}

export function conflict(message: string, cure: string): AppError {
  return new AppError('experiment_conflict', { message, cure });
}

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new TypeError('the database returned no row');
  return row;
}
