import { periodOf } from '../../budgets/periods.ts';
import type { FullBudget } from '../../budgets/refusals.ts';
import type { Reservation, Spending } from '../../ledger/postgres-ledger.ts';
import { PERIODS, type Period, type Rate } from '../../limits/policy.ts';
import type { RedisConnection, Reply } from './connection.ts';
import { creditField } from './journal-fields.ts';
import { KEYS } from './keys.ts';
import { ADMIT, LEASE, LIMIT, LOAD, NOTE, RECALL, REFUND, SETTLE } from './scripts.ts';

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
      readonly full: FullBudget;
    }
  /** What would do is held by replicas, this one included, and may come back. */
  | { readonly kind: 'held'; readonly full: FullBudget | undefined }
  /** The user's budget is not here: it has to be loaded. */
  | { readonly kind: 'unknown user'; readonly now: number }
  | Refused;

/** The data is not what this replica takes it for, or this replica was taken for dead, and its journal swept. */
export interface Refused {
  readonly kind: 'another epoch' | 'swept';
}

/** What a replica tells of what it got in advance for the callers of a rate, and what it wants. */
export interface LeaseOrder {
  readonly user: string;
  readonly route: string;
  readonly rateKey: string;
  readonly limits: Readonly<Record<Period, number | undefined>>;
  readonly rate: Rate | undefined;
  /** Amounts in nano US dollars. */
  readonly credit: { readonly back: number; readonly wanted: number; readonly least: number };
  readonly places: { readonly used: number; readonly back: number; readonly wanted: number; readonly least: number };
  /** Of what is left, a replica gets at most this part: 8 is an eighth. */
  readonly part: number;
  readonly holdMs: number;
}

/** What it got. */
export type Leased =
  | {
      readonly kind: 'done';
      readonly now: number;
      readonly creditNanoUsd: number;
      readonly places: number;
      /** false: the places that it had before had run out, and count as used. */
      readonly kept: boolean;
      /** In the rate, with what this replica holds. */
      readonly remaining: number;
      readonly waitMs: number;
    }
  | Refused;

/** What calls did to the budget of one user. Amounts in nano US dollars. */
export interface BudgetChange {
  reserved: number;
  /** Credit that was used, by its field in the journal. */
  readonly credits: Map<string, number>;
  /** Costs, by a moment of the day. */
  readonly costs: Map<number, number>;
}

/** What happened to calls within a moment. */
export interface Notes {
  readonly budgets: ReadonlyMap<string, BudgetChange>;
  /** Fields of the journal that nobody needs any more. */
  readonly removed: readonly string[];
  /** Request and entry of the journal in turn. */
  readonly entries: readonly string[];
}

/** Budgets, rates and the journal of one replica, in Redis. Every method throws when Redis cannot be reached. */
export class RedisBudgets {
  readonly #redis: RedisConnection;
  readonly #replica: string;
  readonly #journal: string;
  #generation = '';
  #generations = 0;

  constructor(redis: RedisConnection, replica: string) {
    this.#redis = redis;
    this.#replica = replica;
    this.#journal = KEYS.journal(replica);
  }

  /** For how long this replica's journal has been its own: a new one begins with each epoch, and when it was taken for dead. */
  get generation(): string {
    return this.#generation;
  }

  /** Begins a generation; a new epoch with an empty journal, because what it held is in PostgreSQL. */
  async begin(epoch: string, anew: boolean): Promise<void> {
    this.#generations += 1;
    const generation = `${epoch}.${this.#generations}`;
    if (anew) await this.#redis.command('DEL', this.#journal);
    await this.#redis.command('HSET', KEYS.generations, this.#replica, generation);
    this.#generation = generation;
  }

  /** The last generation ends with the replica. */
  async end(): Promise<void> {
    await this.#redis.command('HDEL', KEYS.generations, this.#replica);
  }

  /** Rate and reservation in one round trip. */
  async admit(epoch: string, request: Admittance): Promise<Admitted> {
    const { id, user, rateKey, rate, amountNanoUsd, limits, entry } = request;
    const answer = await this.#redis.run(ADMIT, this.#keysOf(epoch, user, rateKey), [
      ...this.#membership(epoch),
      amountNanoUsd === undefined ? '-1' : String(amountNanoUsd),
      ...limitsOf(limits),
      ...rateOf(rate),
      id,
      entry,
    ]);
    const [code, now = 0, remaining = 0, waitMs = 0, period = 1, limit = 0, spent = 0, reserved = 0] = numbers(answer);
    const full = {
      period: PERIODS[period - 1] ?? 'daily',
      limitNanoUsd: limit,
      takenNanoUsd: spent + reserved,
      at: now,
    };
    switch (code) {
      case 0:
        return { kind: 'yes', now, remaining, waitMs };
      case 1:
        return { kind: 'rate', waitMs };
      case 2:
        return { kind: 'budget', now, remaining, waitMs, full };
      case 3:
        return { kind: 'unknown user', now };
      case 6:
        return { kind: 'held', full: limit > 0 ? full : undefined };
      default:
        return refused(code);
    }
  }

  /** Tells what was used in advance, gives back, and takes some more. */
  async lease(epoch: string, order: LeaseOrder): Promise<Leased> {
    const { user, route, rateKey, limits, rate, credit, places, part, holdMs } = order;
    const answer = await this.#redis.run(LEASE, this.#keysOf(epoch, user, rateKey), [
      ...this.#membership(epoch),
      creditField(epoch, route, user),
      String(credit.back),
      String(credit.wanted),
      String(credit.least),
      ...limitsOf(limits),
      ...rateOf(rate),
      String(places.used),
      String(places.back),
      String(places.wanted),
      String(places.least),
      String(part),
      String(holdMs),
    ]);
    const [code, now = 0, creditNanoUsd = 0, given = 0, kept = 0, remaining = 0, waitMs = 0] = numbers(answer);
    if (code !== 0) return refused(code);
    return { kind: 'done', now, creditNanoUsd, places: given, kept: kept === 1, remaining, waitMs };
  }

  /** Notes what happened to calls; all of it, or nothing. */
  async note(epoch: string, { budgets, removed, entries }: Notes): Promise<'done' | Refused['kind']> {
    const keys = [KEYS.epoch, this.#journal, KEYS.generations];
    const args = [...this.#membership(epoch), String(budgets.size)];
    for (const [user, { reserved, credits, costs }] of budgets) {
      keys.push(KEYS.budget(epoch, user));
      args.push(String(reserved), String(credits.size));
      for (const [field, amount] of credits) args.push(field, String(amount));
      args.push(String(costs.size));
      for (const [moment, cost] of costs) args.push(String(moment), String(cost));
    }
    args.push(String(removed.length));
    // Not spread: there may be many.
    const answer = Number(await this.#redis.send(NOTE, keys, args.concat(removed, entries)));
    return answer === 0 ? 'done' : refused(answer).kind;
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

  /** Adds requests that were let through before this epoch, and still count. Moments ascend. */
  async recall(epoch: string, key: string, windowMs: number, times: readonly number[]): Promise<void> {
    const runs = new Map<number, number>();
    for (const at of times) runs.set(at, (runs.get(at) ?? 0) + 1);
    const pairs = [...runs].flat().map(String);
    for (let at = 0; at < pairs.length; at += 4_000)
      await this.#redis.run(RECALL, [KEYS.rate(epoch, key)], [String(windowMs), ...pairs.slice(at, at + 4_000)]);
  }

  /**
   * A limit that was set for a user, or taken away.
   *
   * @returns what replicas hold as credit that they got under the limit before, in nano US dollars
   */
  async limit(epoch: string, user: string, period: Period, limitNanoUsd: number | undefined): Promise<number> {
    const args = [`${FIELD[period]}.l`, String(limitNanoUsd ?? '')];
    return Number(await this.#redis.run(LIMIT, [KEYS.budget(epoch, user)], args));
  }

  /** What a user spent in a period; undefined when the user is not loaded. */
  async spending(
    epoch: string,
    user: string,
    period: Period,
    now: number,
  ): Promise<{ spent: number; reserved: number; own: number | undefined } | undefined> {
    const field = FIELD[period];
    const fields = [`${field}.p`, `${field}.s`, `${field}.l`, 'r', 'c'];
    const reply = await this.#redis.command('HMGET', KEYS.budget(epoch, user), ...fields);
    const [number, spent, own, reserved, credit] = Array.isArray(reply) ? reply : [];
    if (number === null || number === undefined) return undefined;
    return {
      // It may be the last period of a user who has not come back since.
      spent: Number(number) === periodOf(period, now).number ? Number(spent) : 0,
      // Credit that replicas hold is nobody's yet.
      reserved: Number(reserved ?? 0) - Number(credit ?? 0),
      own: own === null || own === undefined ? undefined : Number(own),
    };
  }

  /** What decides about requests of a user to an endpoint. */
  #keysOf(epoch: string, user: string, rateKey: string): string[] {
    return [
      KEYS.epoch,
      KEYS.budget(epoch, user),
      KEYS.rate(epoch, rateKey),
      KEYS.places(epoch, rateKey),
      this.#journal,
      KEYS.generations,
    ];
  }

  /** By which a script tells whether this replica may change anything. */
  #membership(epoch: string): string[] {
    return [epoch, this.#generation, this.#replica];
  }
}

const FIELD: Readonly<Record<Period, string>> = { daily: 'd', weekly: 'w', monthly: 'm' };

function numbers(reply: Reply): readonly number[] {
  return Array.isArray(reply) ? reply.map(Number) : [];
}

function refused(code: number | undefined): Refused {
  return { kind: code === 5 ? 'swept' : 'another epoch' };
}

function limitsOf(limits: Readonly<Record<Period, number | undefined>>): string[] {
  return PERIODS.map((period) => String(limits[period] ?? -1));
}

function rateOf(rate: Rate | undefined): [string, string] {
  return rate === undefined ? ['0', '0'] : [String(rate.requests), String(rate.windowSeconds * 1000)];
}
