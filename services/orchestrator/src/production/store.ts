import type pg from 'pg';
import { guarded } from '../stores/postgres/pool.ts';
import { BOUNDS_MS, type Bucket } from './histogram.ts';
import type { Sample } from './samples.ts';

/** How a route did over a window, all replicas together. */
export interface RouteTotals {
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  readonly buckets: readonly Bucket[];
  readonly maxMs: number;
}

/** How a model did over a window. */
export interface ModelTotals {
  readonly model: string;
  readonly provider: string;
  readonly tier: number;
  readonly requests: number;
  readonly errors: number;
  readonly cached: number;
  readonly p50Ms: number | undefined;
  readonly p95Ms: number | undefined;
  readonly firstTokenP50Ms: number | undefined;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly costUsd: number;
}

/** A model that was promoted and is active. */
export interface ActiveModel {
  readonly id: string;
  readonly name: string;
  readonly primaryModel: string;
  readonly secondaryModel: string | undefined;
  readonly experiment: string | undefined;
  readonly forced: boolean;
  readonly promotedBy: string;
  readonly promotedAt: string;
}

/** Reads how production does. */
export class ProductionStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** @param pending What this replica has not stored yet: the window reaches to this moment. */
  async routes(windowSeconds: number, pending: readonly Sample[]): Promise<RouteTotals[]> {
    const since = `at > now() - make_interval(secs => $1)`;
    const [totals, buckets] = await Promise.all([
      this.#rows<{ route: string; requests: number; errors: number; max: number }>(
        `SELECT route, sum(requests)::float8 AS requests, sum(errors)::float8 AS errors, max(max_ms) AS max
         FROM production.slo_samples WHERE ${since} GROUP BY route`,
        [windowSeconds],
      ),
      // Versions with other bounds may have written: each count goes with its own bound; the last one has none.
      this.#rows<{ route: string; bound: number | null; count: number }>(
        `SELECT route, bound, sum(count)::float8 AS count FROM production.slo_samples, unnest(bounds_ms, counts) AS b (bound, count)
         WHERE ${since} GROUP BY route, bound`,
        [windowSeconds],
      ),
    ]);
    const routes = new Map<string, { requests: number; errors: number; maxMs: number; buckets: Map<number, number> }>();
    const of = (route: string) => {
      const known = routes.get(route) ?? { requests: 0, errors: 0, maxMs: 0, buckets: new Map<number, number>() };
      routes.set(route, known);
      return known;
    };
    for (const { route, requests, errors, max } of totals) Object.assign(of(route), { requests, errors, maxMs: max });
    for (const { route, bound, count } of buckets) add(of(route).buckets, bound ?? Number.POSITIVE_INFINITY, count);
    for (const sample of pending) {
      const known = of(sample.route);
      known.requests += sample.requests;
      known.errors += sample.errors;
      known.maxMs = Math.max(known.maxMs, sample.maxMs);
      for (const [at, count] of sample.counts.entries())
        add(known.buckets, BOUNDS_MS[at] ?? Number.POSITIVE_INFINITY, count);
    }
    return [...routes]
      .map(([route, { buckets, ...rest }]) => ({
        route,
        ...rest,
        buckets: [...buckets].map(([bound, count]) => ({ bound, count })).sort((a, b) => a.bound - b.bound),
      }))
      .sort((a, b) => (a.route < b.route ? -1 : 1));
  }

  async models(windowSeconds: number): Promise<ModelTotals[]> {
    const rows = await this.#rows<Record<string, unknown>>(
      `SELECT provider_model AS model, provider, provider_tier AS tier, count(*)::int AS requests,
         count(*) FILTER (WHERE outcome NOT IN ('success', 'cached', 'client_closed'))::int AS errors,
         count(*) FILTER (WHERE outcome = 'cached')::int AS cached,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE outcome = 'success') AS p50,
         percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) FILTER (WHERE outcome = 'success') AS p95,
         percentile_cont(0.5) WITHIN GROUP (ORDER BY first_token_ms) AS first_token,
         sum(prompt_tokens)::float8 AS prompt, sum(completion_tokens)::float8 AS completion, sum(cost_nano_usd)::float8 / 1e9 AS cost
       FROM accounting.ledger WHERE at > now() - make_interval(secs => $1)
       GROUP BY provider_model, provider, provider_tier ORDER BY requests DESC, model LIMIT 200`,
      [windowSeconds],
    );
    return rows.map((row) => ({
      model: String(row.model),
      provider: String(row.provider),
      tier: Number(row.tier),
      requests: Number(row.requests),
      errors: Number(row.errors),
      cached: Number(row.cached),
      p50Ms: optional(row.p50),
      p95Ms: optional(row.p95),
      firstTokenP50Ms: optional(row.first_token),
      promptTokens: Number(row.prompt),
      completionTokens: Number(row.completion),
      costUsd: Number(row.cost),
    }));
  }

  async active(): Promise<ActiveModel[]> {
    const rows = await this.#rows<Record<string, unknown> & { readonly promoted_at: Date }>(
      `SELECT id, name, primary_model, secondary_model, experiment, forced, promoted_by, promoted_at
       FROM production.models WHERE active ORDER BY promoted_at DESC, id LIMIT 200`,
      [],
    );
    return rows.map((row) => ({
      id: String(row.id),
      name: String(row.name),
      primaryModel: String(row.primary_model),
      secondaryModel: row.secondary_model === null ? undefined : String(row.secondary_model),
      experiment: row.experiment === null ? undefined : String(row.experiment),
      forced: row.forced === true,
      promotedBy: String(row.promoted_by),
      promotedAt: row.promoted_at.toISOString(),
    }));
  }

  async #rows<T extends object>(text: string, values: unknown[]): Promise<T[]> {
    return (await guarded(() => this.#pool.query<T>(text, values))).rows;
  }
}

function add(buckets: Map<number, number>, bound: number, count: number): void {
  buckets.set(bound, (buckets.get(bound) ?? 0) + count);
}

function optional(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Math.round(Number(value) * 100) / 100;
}
