import type pg from 'pg';
import { type Cursor, encodeCursor } from '../stores/postgres/cursor.ts';
import { guarded } from '../stores/postgres/pool.ts';

export interface QuarantineRecord {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly reason: string;
  readonly impactAnalysis: Readonly<Record<string, unknown>>;
  readonly snapshot: Readonly<Record<string, unknown>>;
  readonly status: 'quarantined' | 'released';
  readonly by: string;
  readonly at: string;
  readonly releasedAt: string | undefined;
}

export interface QuarantineStatistics {
  readonly total: number;
  readonly quarantined: number;
  readonly released: number;
  readonly last24Hours: number;
  readonly byReason: readonly { readonly reason: string; readonly count: number }[];
  readonly byModel: readonly { readonly model: string; readonly count: number }[];
  /** The last thirty days, those without any left out. */
  readonly byDay: readonly { readonly day: string; readonly count: number }[];
  readonly newest: string | undefined;
}

interface Row {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly reason: string;
  readonly impact_analysis: Record<string, unknown>;
  readonly snapshot: Record<string, unknown>;
  readonly status: QuarantineRecord['status'];
  readonly quarantined_by: string;
  readonly quarantined_at: Date;
  readonly released_at: Date | null;
  readonly at: string;
}

/** What was set aside, in the schema `quarantine`. */
export class QuarantineStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Newest first. */
  async records(
    tenant: string,
    filter: {
      readonly status: QuarantineRecord['status'] | undefined;
      readonly experiment: string | undefined;
      readonly limit: number;
      readonly after: Cursor | undefined;
    },
  ): Promise<{ readonly records: QuarantineRecord[]; readonly next: string | undefined }> {
    const { status, experiment, limit, after } = filter;
    const { rows } = await guarded(() =>
      this.#pool.query<Row>(
        `SELECT id, experiment, name, reason, impact_analysis, snapshot, status, quarantined_by, quarantined_at, released_at,
           to_char(quarantined_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at
         FROM quarantine.records
         WHERE tenant = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR experiment = $3)
           AND ($4::timestamptz IS NULL OR (quarantined_at, id) < ($4, $5::uuid))
         ORDER BY quarantined_at DESC, id DESC LIMIT $6`,
        [tenant, status ?? null, experiment ?? null, after?.at ?? null, after?.id ?? null, limit + 1],
      ),
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      records: page.map((row) => ({
        id: row.id,
        experiment: row.experiment,
        name: row.name,
        reason: row.reason,
        impactAnalysis: row.impact_analysis,
        snapshot: row.snapshot,
        status: row.status,
        by: row.quarantined_by,
        at: row.quarantined_at.toISOString(),
        releasedAt: row.released_at?.toISOString(),
      })),
      next: rows.length > limit && last ? encodeCursor({ at: last.at, id: last.id }) : undefined,
    };
  }

  async statistics(tenant: string): Promise<QuarantineStatistics> {
    const query = async <T extends object>(text: string): Promise<T[]> =>
      (await guarded(() => this.#pool.query<T>(text, [tenant]))).rows;
    const [totals, byReason, byModel, byDay] = await Promise.all([
      query<{ total: number; quarantined: number; last: number; newest: Date | null }>(
        `SELECT count(*)::int AS total, count(*) FILTER (WHERE status = 'quarantined')::int AS quarantined,
           count(*) FILTER (WHERE quarantined_at > now() - interval '24 hours')::int AS last, max(quarantined_at) AS newest
         FROM quarantine.records WHERE tenant = $1`,
      ),
      query<{ reason: string; count: number }>(
        `SELECT reason, count(*)::int AS count FROM quarantine.records WHERE tenant = $1
         GROUP BY reason ORDER BY count DESC, reason LIMIT 20`,
      ),
      // Who sets something aside may name the models that are affected; where nobody did, it is the experiment's own.
      query<{ model: string; count: number }>(
        `SELECT model, count(*)::int AS count FROM quarantine.records r, LATERAL (
           SELECT DISTINCT value AS model FROM jsonb_array_elements_text(
             CASE WHEN jsonb_typeof(r.impact_analysis->'affected_models') = 'array'
               THEN r.impact_analysis->'affected_models'
               ELSE jsonb_build_array(r.snapshot->'primaryModel') END)
         ) AS models WHERE tenant = $1 AND model IS NOT NULL GROUP BY model ORDER BY count DESC, model LIMIT 50`,
      ),
      query<{ day: string; count: number }>(
        `SELECT to_char(quarantined_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, count(*)::int AS count
         FROM quarantine.records WHERE tenant = $1 AND quarantined_at > now() - interval '30 days' GROUP BY day ORDER BY day`,
      ),
    ]);
    const { total = 0, quarantined = 0, last = 0, newest = null } = totals[0] ?? {};
    return {
      total,
      quarantined,
      released: total - quarantined,
      last24Hours: last,
      byReason,
      byModel,
      byDay,
      newest: newest?.toISOString(),
    };
  }
}
