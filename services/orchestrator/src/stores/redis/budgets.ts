import { periodOf } from '../../budgets/periods.ts';
import type { Reservation, Spending } from '../../ledger/postgres-ledger.ts';
import { PERIODS, type Period, type Rate } from '../../limits/policy.ts';
import type { RedisConnection } from './connection.ts';
import { KEYS } from './keys.ts';
import { ADMIT, LIMIT, LOAD, RECALL, REFUND, SETTLE } from './scripts.ts';

/** What Redis is asked about a request. */
export interface Admittance {
  readonly id: string;
  readonly user: string;
  readonly rateKey: string;
  /** undefined: the rate is not looked at */
  readonly rate: Rate | undefined;
  /** undefined: no budget is looked at */
  readonly amountNanoUsd: number | undefined;
  /** Limits of the tier; one that is set for the user goes before. */
  readonly limits: Readonly<Record<Period, number | undefined>>;
  /** What the journal keeps. */
  readonly entry: string;
}

/** What Redis says. Times are its own, in milliseconds. */
export type Admitted =
  | { readonly kind: 'yes'; readonly now: number; readonly remaining: number; readonly waitMs: number }
  | { readonly kind: 'rate'; readonly waitMs: number }
  | {
      readonly kind: 'budget';
      readonly now: number;
      readonly remaining: number;
      readonly waitMs: number;
      readonly period: Period;
      readonly limitNanoUsd: number;
      /** Spent and reserved. */
      readonly takenNanoUsd: number;
    }
  /** The user's budget is not here: it has to be loaded. */
  | { readonly kind: 'unknown user'; readonly now: number }
  /** The data is not what this replica takes it for. */
  | { readonly kind: 'another epoch' };

/** Budgets, rates and the journal of one replica, in Redis. Every method throws when Redis cannot be reached. */
export class RedisBudgets {
  readonly #redis: RedisConnection;
  readonly #journal: string;

  constructor(redis: RedisConnection, replica: string) {
    this.#redis = redis;
    this.#journal = KEYS.journal(replica);
  }

  /** Rate and reservation in one round trip. */
  async admit(epoch: string, request: Admittance): Promise<Admitted> {
    const { id, user, rateKey, rate, amountNanoUsd, limits, entry } = request;
    const answer = await this.#redis.run(
      ADMIT,
      [KEYS.epoch, KEYS.budget(epoch, user), KEYS.rate(epoch, rateKey), this.#journal],
      [
        epoch,
        amountNanoUsd === undefined ? '-1' : String(amountNanoUsd),
        String(limits.daily ?? -1),
        String(limits.weekly ?? -1),
        String(limits.monthly ?? -1),
        rate === undefined ? '0' : String(rate.requests),
        rate === undefined ? '0' : String(rate.windowSeconds * 1000),
        id,
        entry,
      ],
    );
    const [code, now = 0, remaining = 0, waitMs = 0, period = 1, limit = 0, spent = 0, reserved = 0] = (
      Array.isArray(answer) ? answer : []
    ).map(Number);
    switch (code) {
      case 0:
        return { kind: 'yes', now, remaining, waitMs };
      case 1:
        return { kind: 'rate', waitMs };
      case 2:
        return {
          kind: 'budget',
          now,
          remaining,
          waitMs,
          period: PERIODS[period - 1] ?? 'daily',
          limitNanoUsd: limit,
          takenNanoUsd: spent + reserved,
        };
      case 3:
        return { kind: 'unknown user', now };
      default:
        return { kind: 'another epoch' };
    }
  }

  /** Makes a user's budget from what PostgreSQL says, unless it is there. */
  async load(
    epoch: string,
    user: string,
    now: number,
    spending: (Spending & { readonly open: readonly Reservation[] }) | undefined,
  ): Promise<void> {
    await this.#redis.run(
      LOAD,
      [KEYS.epoch, KEYS.budget(epoch, user)],
      [
        epoch,
        ...PERIODS.map((period) => String(periodOf(period, now).number)),
        ...PERIODS.map((period) => String(spending?.spent[period] ?? 0)),
        ...PERIODS.map((period) => String(spending?.limits[period] ?? '')),
        ...(spending?.open ?? []).flatMap(({ replica, requestId, amountNanoUsd, at, entry }) => [
          KEYS.journal(replica),
          requestId,
          String(amountNanoUsd),
          String(at),
          entry,
        ]),
      ],
    );
  }

  /** Notes that a backend is asked. */
  async mark(id: string, target: string): Promise<void> {
    await this.#redis.command('HSET', this.#journal, `${id}!`, target);
  }

  /**
   * What a request reserved becomes what it cost.
   *
   * @param request.charge Whether it costs also if Redis knows nothing of it.
   */
  async settle(
    epoch: string,
    request: {
      readonly id: string;
      readonly user: string;
      readonly at: number;
      readonly costNanoUsd: number;
      readonly row: string;
      readonly charge: boolean;
    },
  ): Promise<'done' | 'unknown' | 'another epoch'> {
    const { id, user, at, costNanoUsd, row, charge } = request;
    const answer = await this.#redis.run(
      SETTLE,
      [KEYS.epoch, KEYS.budget(epoch, user), this.#journal],
      [epoch, id, String(costNanoUsd), row, String(at), charge ? '1' : '0'],
    );
    return answer === 4 ? 'another epoch' : answer === 0 ? 'unknown' : 'done';
  }

  /** A request used nothing. */
  async refund(epoch: string, id: string, user: string): Promise<void> {
    await this.#redis.run(REFUND, [KEYS.epoch, KEYS.budget(epoch, user), this.#journal], [epoch, id]);
  }

  /** PostgreSQL has the rows of these requests. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.command('HDEL', this.#journal, ...ids);
  }

  /** What the journal holds is of an earlier epoch, and in PostgreSQL. */
  async clearJournal(): Promise<void> {
    await this.#redis.command('DEL', this.#journal);
  }

  /** Adds requests that were let through before this epoch, and still count. */
  async recall(epoch: string, key: string, windowMs: number, times: readonly number[]): Promise<void> {
    for (let at = 0; at < times.length; at += 1_000) {
      const part = times.slice(at, at + 1_000).map(String);
      await this.#redis.run(RECALL, [KEYS.rate(epoch, key)], [String(windowMs), ...part]);
    }
  }

  /** A limit that was set for a user, or taken away. */
  async limit(epoch: string, user: string, period: Period, limitNanoUsd: number | undefined): Promise<void> {
    await this.#redis.run(LIMIT, [KEYS.budget(epoch, user)], [`${FIELD[period]}.l`, String(limitNanoUsd ?? '')]);
  }

  /** What a user spent in a period; undefined when the user is not loaded. */
  async spending(
    epoch: string,
    user: string,
    period: Period,
    now: number,
  ): Promise<{ spent: number; reserved: number; own: number | undefined } | undefined> {
    const field = FIELD[period];
    const fields = [`${field}.p`, `${field}.s`, `${field}.l`, 'r'];
    const reply = await this.#redis.command('HMGET', KEYS.budget(epoch, user), ...fields);
    const [number, spent, own, reserved] = Array.isArray(reply) ? reply : [];
    if (number === null || number === undefined) return undefined;
    return {
      // It may be the last period of a user who has not come back since.
      spent: Number(number) === periodOf(period, now).number ? Number(spent) : 0,
      reserved: Number(reserved ?? 0),
      own: own === null || own === undefined ? undefined : Number(own),
    };
  }
}

const FIELD: Readonly<Record<Period, string>> = { daily: 'd', weekly: 'w', monthly: 'm' };
