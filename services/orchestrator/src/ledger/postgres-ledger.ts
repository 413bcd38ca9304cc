import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { periodOf } from '../budgets/periods.ts';
import type { Period } from '../limits/policy.ts';
import { guarded } from '../stores/postgres/pool.ts';
import { COLUMNS, fieldsOf } from './copy-format.ts';
import type { NewRow } from './writer.ts';

/** A request under way, as PostgreSQL knows it when Redis does not. */
export interface Reservation {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly user: string;
  readonly amountNanoUsd: number;
  readonly replica: string;
  /** JSON: facts, and the target if a backend was asked. */
  readonly entry: string;
}

/** What a user has spent and may spend, in nano US dollars. */
export interface Spending {
  readonly spent: Readonly<Record<Period, number>>;
  readonly reserved: number;
  /** Limits that were set for this user; undefined: that of the tier holds. */
  readonly limits: Readonly<Record<Period, number | undefined>>;
}

/** What the ledger says of the end of a request. */
export interface End {
  readonly outcome: string;
  readonly costNanoUsd: number;
}

export interface Spender {
  readonly user: string;
  readonly costNanoUsd: number;
  readonly requests: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
}

type Row = Record<string, unknown>;

/** Longer than any pause of a replica that is still of use. */
const DEAD_AFTER = "interval '15 seconds'";

/** https://www.postgresql.org/docs/15/errcodes-appendix.html (2026-11-21) */
const UNIQUE_VIOLATION = '23505';

/** Reports look back for a month at most. */
const SAMPLE_MONTHS = 3;

/** Whether another replica that is alive relies on Redis. */
const OTHERS_ON_REDIS = `EXISTS (SELECT FROM accounting.replicas o WHERE o.relies_on_redis AND o.id <> $replica AND o.seen_at > now() - ${DEAD_AFTER})`;

/** In one go, and only rows that the ledger does not have: half the work of INSERT for PostgreSQL. */
const COPY = `COPY accounting.ledger (${COLUMNS.join(', ')}) FROM STDIN`;

/** The ledger takes a row once. Only the row of a request that was taken for lost gives way, when its end becomes known after all. */
const INSERT = `
  WITH given AS (SELECT * FROM json_populate_recordset(NULL::accounting.ledger, $1::json)),
  settled AS (DELETE FROM accounting.reservations WHERE request_id IN (SELECT request_id FROM given))
  INSERT INTO accounting.ledger AS kept (${COLUMNS.join(', ')}, recorded_at)
  SELECT ${COLUMNS.join(', ')}, now() FROM given
  ON CONFLICT (request_id, at) DO UPDATE SET (${COLUMNS.slice(9).join(', ')}) = ROW(${COLUMNS.slice(9)
    .map((column) => `excluded.${column}`)
    .join(', ')}), recorded_at = now()
  WHERE kept.outcome = 'lost' AND excluded.outcome <> 'lost'`;

/** The ledger, budgets and reservations in PostgreSQL, schema `accounting`: the truth about what was spent. */
export class PostgresLedger {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Writes rows of calls that ended here, by COPY where nothing stands against it: neither a reservation, nor a row of the same call. */
  async append(rows: readonly NewRow[]): Promise<void> {
    const reserved = rows.filter((row) => row.reserved);
    const free = rows.filter((row) => !row.reserved);
    const known = (await this.#copy(free)) ? [] : free;
    await this.write([...reserved, ...known].map(({ line }) => line));
  }

  /** Writes rows, and forgets the reservations of the same requests in the same moment. Rows are lines of COPY. */
  async write(lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#rows(INSERT, [JSON.stringify(lines.map(fieldsOf))]);
  }

  /** Tells of requests under way. */
  async publish(reservations: readonly Reservation[]): Promise<void> {
    if (reservations.length === 0) return;
    await this.#rows(
      `INSERT INTO accounting.reservations (request_id, at, user_id, amount_nano_usd, replica, entry)
       SELECT id, to_timestamp(at / 1000.0), who, amount, replica, entry
       FROM unnest($1::text[], $2::float8[], $3::text[], $4::bigint[], $5::text[], $6::jsonb[]) AS new (id, at, who, amount, replica, entry)
       ON CONFLICT (request_id) DO NOTHING`,
      [
        reservations.map(({ requestId }) => requestId),
        reservations.map(({ at }) => at),
        reservations.map(({ user }) => user),
        reservations.map(({ amountNanoUsd }) => amountNanoUsd),
        reservations.map(({ replica }) => replica),
        reservations.map(({ entry }) => entry),
      ],
    );
  }

  /**
   * Reserves, if every limit has room and no other replica relies on Redis.
   *
   * @returns the period whose limit has no room, or `split`; undefined when it is reserved
   */
  async reserve(
    reservation: Reservation,
    limits: Readonly<Record<Period, number | undefined>>,
  ): Promise<Period | 'split' | undefined> {
    const { requestId, at, user, amountNanoUsd, replica, entry } = reservation;
    const rows = await this.#rows(
      `SELECT CASE WHEN ${OTHERS_ON_REDIS.replace('$replica', '$11')} THEN 'split'
         ELSE accounting.reserve($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) END AS full`,
      [
        user,
        requestId,
        amountNanoUsd,
        new Date(at),
        ...starts(at),
        limits.daily ?? null,
        limits.weekly ?? null,
        limits.monthly ?? null,
        replica,
        entry,
      ],
    );
    const full = rows[0]?.full;
    return full === 'daily' || full === 'weekly' || full === 'monthly' || full === 'split' ? full : undefined;
  }

  /** A request used nothing after all. */
  async release(requestId: string): Promise<void> {
    await this.#rows('DELETE FROM accounting.reservations WHERE request_id = $1', [requestId]);
  }

  /** What a user has spent in the periods of a moment, and which requests are under way, both as of one instant. */
  async spending(user: string, at: number): Promise<Spending & { readonly open: readonly Reservation[] }> {
    const rows = await this.#rows(
      `SELECT s.*, (SELECT coalesce(json_agg(json_build_object('id', request_id, 'at', round(extract(epoch FROM at) * 1000),
         'amount', amount_nano_usd, 'replica', replica, 'entry', entry::text)), '[]') FROM accounting.reservations WHERE user_id = $1) AS open
       FROM accounting.spending($1, $2, $3, $4) s`,
      [user, ...starts(at)],
    );
    const row = rows[0] ?? {};
    const open = Array.isArray(row.open) ? (row.open as Row[]) : []; // Made by the query above.
    return {
      spent: { daily: Number(row.daily ?? 0), weekly: Number(row.weekly ?? 0), monthly: Number(row.monthly ?? 0) },
      reserved: Number(row.reserved ?? 0),
      limits: {
        daily: optional(row.daily_limit),
        weekly: optional(row.weekly_limit),
        monthly: optional(row.monthly_limit),
      },
      open: open.map((one) => ({
        requestId: String(one.id),
        at: Number(one.at),
        user,
        amountNanoUsd: Number(one.amount),
        replica: String(one.replica),
        entry: String(one.entry),
      })),
    };
  }

  /** Who spent most since the beginning of a period, most first. */
  async topSpenders(period: Period, at: number, limit: number): Promise<Spender[]> {
    const rows = await this.#rows(
      `SELECT user_id, sum(cost_nano_usd) AS cost, count(*) AS requests, sum(prompt_tokens) AS prompt,
         sum(cached_tokens) AS cached, sum(completion_tokens) AS completion
       FROM accounting.ledger WHERE at >= $1 GROUP BY user_id ORDER BY cost DESC, user_id LIMIT $2`,
      [new Date(periodOf(period, at).start), limit],
    );
    return rows.map((row) => ({
      user: String(row.user_id),
      costNanoUsd: Number(row.cost),
      requests: Number(row.requests),
      promptTokens: Number(row.prompt),
      cachedTokens: Number(row.cached),
      completionTokens: Number(row.completion),
    }));
  }

  /** How requests ended and what they cost, of those that are in the ledger. */
  async ends(requestIds: readonly string[]): Promise<ReadonlyMap<string, End>> {
    const rows = await this.#rows(
      'SELECT request_id, outcome, cost_nano_usd FROM accounting.ledger WHERE request_id = ANY($1::text[])',
      [requestIds],
    );
    return new Map(
      rows.map((row) => [
        String(row.request_id),
        { outcome: String(row.outcome), costNanoUsd: Number(row.cost_nano_usd) },
      ]),
    );
  }

  /** A sign of life of a replica, and whether it relies on Redis. */
  async seen(replica: string, reliesOnRedis: boolean): Promise<void> {
    await this.#rows(
      `INSERT INTO accounting.replicas (id, relies_on_redis) VALUES ($1, $2)
       ON CONFLICT (id) DO UPDATE SET seen_at = now(), relies_on_redis = $2`,
      [replica, reliesOnRedis],
    );
  }

  /** Whether another replica that is alive relies on Redis. */
  async othersOnRedis(replica: string): Promise<boolean> {
    const rows = await this.#rows(`SELECT ${OTHERS_ON_REDIS.replace('$replica', '$1')} AS split`, [replica]);
    return rows[0]?.split === true;
  }

  /** A sign of life that says nothing about Redis. */
  async alive(replica: string): Promise<void> {
    await this.#rows(
      'INSERT INTO accounting.replicas (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()',
      [replica],
    );
  }

  /** A replica that ends, and has nothing under way. */
  async gone(replica: string): Promise<void> {
    await this.#rows('DELETE FROM accounting.replicas WHERE id = $1', [replica]);
    await this.#rows('DELETE FROM accounting.rate_usage WHERE replica = $1', [replica]);
  }

  /** Reservations of replicas that died. */
  async orphans(limit: number): Promise<readonly Reservation[]> {
    const rows = await this.#rows(
      `SELECT request_id, round(extract(epoch FROM at) * 1000) AS at, user_id, amount_nano_usd, replica, entry::text
       FROM accounting.reservations r WHERE NOT EXISTS
         (SELECT FROM accounting.replicas a WHERE a.id = r.replica AND a.seen_at > now() - ${DEAD_AFTER})
       AND r.at < now() - ${DEAD_AFTER} LIMIT $1`,
      [limit],
    );
    return rows.map((row) => ({
      requestId: String(row.request_id),
      at: Number(row.at),
      user: String(row.user_id),
      amountNanoUsd: Number(row.amount_nano_usd),
      replica: String(row.replica),
      entry: String(row.entry),
    }));
  }

  /** How many requests this replica let through lately, by key. */
  async publishRates(replica: string, used: ReadonlyMap<string, number>): Promise<void> {
    if (used.size === 0) return;
    await this.#rows(
      `INSERT INTO accounting.rate_usage (replica, key, used) SELECT $1, key, used FROM unnest($2::text[], $3::int[]) AS new (key, used)
       ON CONFLICT (replica, key) DO UPDATE SET used = excluded.used, at = now()`,
      [replica, [...used.keys()], [...used.values()]],
    );
  }

  /** How many requests all replicas said to have let through within the last `seconds`; undefined while one relies on Redis. */
  async rateUsed(replica: string, key: string, seconds: number): Promise<number | undefined> {
    const rows = await this.#rows(
      `SELECT coalesce(sum(used), 0)::int AS used, ${OTHERS_ON_REDIS.replace('$replica', '$3')} AS split
       FROM accounting.rate_usage WHERE key = $1 AND at > now() - make_interval(secs => $2)`,
      [key, seconds, replica],
    );
    return rows[0]?.split === true ? undefined : Number(rows[0]?.used ?? 0);
  }

  /** Regular upkeep: partitions of the coming months, and what is too old. */
  async upkeep(retentionMonths: number | undefined): Promise<void> {
    // By number and not by name: a role that may not look into a schema still keeps its partitions.
    await this.#rows(
      `SELECT orchestrator.ensure_partitions(c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'p' AND n.nspname || '.' || c.relname = ANY($1::text[])`,
      [['accounting.ledger', 'production.slo_samples']],
    );
    // A role drops what it may delete, and leaves the rest to those who may.
    for (const [table, months] of [
      ['production.slo_samples', SAMPLE_MONTHS],
      ['accounting.ledger', retentionMonths],
    ] as const) {
      if (months === undefined) continue;
      await this.#rows(
        `SELECT orchestrator.drop_older(c.oid::regclass, make_interval(months => $2)) FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname || '.' || c.relname = $1 AND has_table_privilege(c.oid, 'DELETE')`,
        [table, months],
      );
    }
    await this.#rows("DELETE FROM accounting.replicas WHERE seen_at < now() - interval '1 day'", []);
    await this.#rows("DELETE FROM accounting.rate_usage WHERE at < now() - interval '1 day'", []);
  }

  /** @returns false when the ledger has one of them: then none was written, as a statement by itself is a transaction */
  async #copy(rows: readonly NewRow[]): Promise<boolean> {
    if (rows.length === 0) return true;
    const client = await guarded(() => this.#pool.connect());
    let broken = false;
    try {
      const stream = client.query(copyFrom(COPY));
      stream.end(`${rows.map(({ line }) => line).join('\n')}\n`);
      await guarded(() => finished(stream));
      return true;
    } catch (error) {
      // What PostgreSQL refuses leaves the connection as it was.
      broken = !(error instanceof pg.DatabaseError);
      if (error instanceof pg.DatabaseError && error.code === UNIQUE_VIOLATION) return false;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  async #rows(text: string, values: readonly unknown[]): Promise<Row[]> {
    return await guarded(async () => (await this.#pool.query<Row>(text, [...values])).rows);
  }
}

function starts(at: number): [Date, Date, Date] {
  return [
    new Date(periodOf('daily', at).start),
    new Date(periodOf('weekly', at).start),
    new Date(periodOf('monthly', at).start),
  ];
}

function optional(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}
