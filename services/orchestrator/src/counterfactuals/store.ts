import type pg from 'pg';
import { guarded } from '../stores/postgres/pool.ts';
import type { Scored } from './scores.ts';

/** What is kept of one request. */
export interface Generation {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly scoredBy: 'embedding' | 'llm';
  readonly model: string;
  readonly threshold: number;
  readonly quality: number | null;
  readonly bias: number | null;
  readonly exceeded: boolean;
  readonly variants: readonly Scored[];
}

/** What somebody thinks of a counterfactual. */
export interface Rating {
  readonly tenant: string;
  readonly user: string;
  /** The id, or `id#variant`. */
  readonly subject: string;
  /** 1 to 5. */
  readonly rating: number;
  readonly comment: string | undefined;
}

/** How a counterfactual was rated by all. */
export interface Ratings {
  readonly average: number;
  readonly count: number;
}

/** Generations and ratings, in the schemas `counterfactuals` and `production`. */
export class CounterfactualStore {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  async add(generation: Generation): Promise<void> {
    const { id, tenant, user, scoredBy, model, threshold, quality, bias, exceeded } = generation;
    const variants = generation.variants.map(({ attribute, from, to, quality, bias }) => ({
      attribute,
      from,
      to,
      quality,
      bias,
    }));
    await guarded(() =>
      this.#pool.query(
        `INSERT INTO counterfactuals.generations (id, tenant, user_id, scored_by, model, threshold, quality, bias, exceeded, variants)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [id, tenant, user, scoredBy, model, threshold, quality, bias, exceeded, JSON.stringify(variants)],
      ),
    );
  }

  /** @returns how many variants the generation has; undefined when this tenant has none of this id */
  async variants(id: string, tenant: string): Promise<number | undefined> {
    const { rows } = await guarded(() =>
      this.#pool.query<{ n: number }>(
        'SELECT jsonb_array_length(variants) AS n FROM counterfactuals.generations WHERE id = $1 AND tenant = $2',
        [id, tenant],
      ),
    );
    return rows[0]?.n;
  }

  /** A second rating of the same user replaces the first. */
  async rate({ tenant, user, subject, rating, comment }: Rating): Promise<{ readonly id: string } & Ratings> {
    return guarded(async () => {
      const stored = await this.#pool.query<{ id: string }>(
        `INSERT INTO production.ratings (tenant, user_id, subject, subject_id, rating, comment)
         VALUES ($1, $2, 'counterfactual', $3, $4, $5)
         ON CONFLICT (tenant, user_id, subject, subject_id)
         DO UPDATE SET rating = excluded.rating, comment = excluded.comment, at = now()
         RETURNING id`,
        [tenant, user, subject, rating, comment ?? null],
      );
      const all = await this.#pool.query<Ratings>(
        `SELECT avg(rating)::float8 AS average, count(*)::int AS count FROM production.ratings
         WHERE tenant = $1 AND subject = 'counterfactual' AND subject_id = $2`,
        [tenant, subject],
      );
      return { id: stored.rows[0]?.id ?? '', average: all.rows[0]?.average ?? rating, count: all.rows[0]?.count ?? 1 };
    });
  }
}
