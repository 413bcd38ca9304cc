import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { AppError } from '../errors/app-error.ts';
import type { PostgresLedger, Spender, Spending } from '../ledger/postgres-ledger.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { Period, TierPolicy } from '../limits/policy.ts';
import { type AuditEntry, writeAudit } from '../stores/postgres/audit-entry.ts';
import { transaction } from '../stores/postgres/transaction.ts';
import type { RedisBudgets } from '../stores/redis/budgets.ts';
import { CREDIT_MS } from './leases.ts';
import { periodOf } from './periods.ts';

/** Where a user stands with the budget of a period, in nano US dollars. */
export interface BudgetState {
  readonly period: Period;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly spent: number;
  /** By requests under way. */
  readonly reserved: number;
  /** undefined: none */
  readonly limit: number | undefined;
  /** Whether it was set for this user, and is not that of the tier. */
  readonly own: boolean;
}

export interface SpendingOptions {
  readonly redis: RedisBudgets | undefined;
  readonly pool: pg.Pool | undefined;
  readonly ledger: PostgresLedger | undefined;
  readonly coordination: Coordination;
  readonly now?: () => number;
}

/** What users spent, and the limits that are set for them. */
export class SpendingReport {
  readonly #options: SpendingOptions;
  /** Limits that Redis has still to be told. */
  readonly #untold = new Map<string, () => Promise<unknown>>();

  constructor(options: SpendingOptions) {
    this.#options = options;
  }

  /** @throws AppError `dependency_unavailable` when neither Redis nor PostgreSQL knows */
  async of(user: string, period: Period, tier: TierPolicy): Promise<BudgetState> {
    const now = this.#options.now?.() ?? Date.now();
    const { start, end } = periodOf(period, now);
    const found = (await this.#inRedis(user, period, now)) ?? (await this.#inPostgres(user, period, now));
    return {
      period,
      start,
      end,
      spent: found.spent,
      reserved: found.reserved,
      limit: found.own ?? tier.budget[period],
      own: found.own !== undefined,
    };
  }

  /**
   * Sets a limit, or takes it away, and says so in the audit log, both or neither.
   *
   * @param limit In nano US dollars; undefined: that of the tier holds again.
   * @returns the limit that was set before
   * @throws AppError `dependency_unavailable`
   */
  async setLimit(
    user: string,
    period: Period,
    limit: number | undefined,
    by: Pick<AuditEntry, 'actor' | 'tenant' | 'requestId'>,
  ): Promise<number | undefined> {
    const { pool, redis } = this.#options;
    if (!pool)
      throw new AppError('dependency_unavailable', {
        message: 'Limits are kept in PostgreSQL, and none is configured.',
        cure: 'Set POSTGRES_URL, or give the tier a budget in POLICY_FILE.',
      });
    const before = await transaction(pool, async (client) => {
      const old = await client.query<{ limit_nano_usd: string }>(
        'SELECT limit_nano_usd FROM accounting.budget_limits WHERE user_id = $1 AND period = $2 FOR UPDATE',
        [user, period],
      );
      if (limit === undefined)
        await client.query('DELETE FROM accounting.budget_limits WHERE user_id = $1 AND period = $2', [user, period]);
      else
        await client.query(
          `INSERT INTO accounting.budget_limits (user_id, period, limit_nano_usd, updated_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (user_id, period) DO UPDATE SET limit_nano_usd = $3, updated_by = $4, updated_at = now()`,
          [user, period, limit, by.actor],
        );
      const found = old.rows[0] === undefined ? undefined : Number(old.rows[0].limit_nano_usd);
      await writeAudit(client, {
        ...by,
        action: limit === undefined ? 'budget.limit.remove' : 'budget.limit.set',
        subject: `user/${user}/${period}`,
        oldValue: { limit_nano_usd: found ?? null },
        newValue: { limit_nano_usd: limit ?? null },
      });
      return found;
    });
    if (redis) {
      const tell = async () => {
        const { epoch, state } = this.#options.coordination;
        // Otherwise whoever loads the user next finds the limit in PostgreSQL.
        if (state !== 'ready') return;
        // What replicas got in advance under the limit before they give back, or ask for again, within a moment.
        if ((await redis.limit(epoch, user, period, limit)) > 0) await delay(CREDIT_MS);
      };
      this.#untold.set(`${user} ${period}`, tell);
      await this.tell();
    }
    return before;
  }

  /** Tells Redis what it could not be told before. */
  async tell(): Promise<void> {
    for (const [key, tell] of [...this.#untold]) {
      try {
        await tell();
        if (this.#untold.get(key) === tell) this.#untold.delete(key);
      } catch {
        // The next round, or the next epoch, does it.
      }
    }
  }

  /** @throws AppError `dependency_unavailable` */
  async topSpenders(period: Period, limit: number): Promise<readonly Spender[]> {
    const { ledger } = this.#options;
    if (!ledger)
      throw new AppError('dependency_unavailable', {
        message: 'The ledger is kept in PostgreSQL, and none is configured.',
        cure: 'Set POSTGRES_URL.',
      });
    return await ledger.topSpenders(period, this.#options.now?.() ?? Date.now(), limit);
  }

  async #inRedis(
    user: string,
    period: Period,
    now: number,
  ): Promise<{ spent: number; reserved: number; own: number | undefined } | undefined> {
    const { redis, coordination } = this.#options;
    if (!redis || coordination.state !== 'ready') return undefined;
    // What Redis cannot say, PostgreSQL can.
    return await redis.spending(coordination.epoch, user, period, now).catch(() => undefined);
  }

  async #inPostgres(
    user: string,
    period: Period,
    now: number,
  ): Promise<{ spent: number; reserved: number; own: number | undefined }> {
    const { ledger } = this.#options;
    if (!ledger) return { spent: 0, reserved: 0, own: undefined };
    const spending: Spending = await ledger.spending(user, now);
    return { spent: spending.spent[period], reserved: spending.reserved, own: spending.limits[period] };
  }
}
