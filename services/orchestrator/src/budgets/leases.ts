import type { Coordination } from '../limits/coordination.ts';
import type { RateState } from '../limits/rate-state.ts';
import type { Leased, RedisBudgets } from '../stores/redis/budgets.ts';
import { creditField } from '../stores/redis/journal-fields.ts';
import type { Question } from './question.ts';

/** A request that needed no question to Redis. */
export interface Taken {
  /** Milliseconds since 1970, by Redis' clock as far as it is known here. */
  readonly at: number;
  readonly rate: RateState | undefined;
  /** The field of the credit in the journal. */
  readonly credit: string;
}

export interface LeasesOptions {
  readonly budgets: RedisBudgets;
  readonly coordination: Coordination;
  /** Redis answered that this generation of the journal was swept. */
  readonly onSwept: (epoch: string, generation: string) => Promise<void>;
}

/** So long after it was asked for, what was got may be used. Redis keeps it for several times as long. */
const VALID_MS = 250;
/** After so long no replica admits with what it got before. */
export const CREDIT_MS = VALID_MS + 50;
const HOLD_MS = 4 * VALID_MS;
/** What is older is asked for again, or given back. */
const RENEW_MS = 100;
const TICK_MS = 50;
/** Requests within VALID_MS from which on it is worth it to get some in advance. */
const WORTH = 4;
/** Fewer than these are of no use: near its limit, each request asks Redis. */
const LEAST = 8;
const MOST_PLACES = 10_000;
/** All replicas together may hold so much of what is left: a quarter. */
const SHARE = 4;
/** Nothing was got: the limit is near. */
const PAUSE_MS = 250;

/** What a replica holds for one user and route. */
class Lease {
  question: Question;
  generation = '';
  validUntil = 0;
  places = 0;
  /** Places that were used, and Redis does not know yet. */
  used = 0;
  credit = 0;
  /** How many places and how much credit there were after the last answer. */
  fullPlaces = 0;
  fullCredit = 0;
  remaining = 0;
  resetAt = 0;
  asked: Promise<void> | undefined;
  askedAt = 0;
  notBefore = 0;
  // What was wanted since `since`.
  since: number;
  requests = 0;
  amount = 0;
  largest = 0;

  constructor(question: Question, now: number) {
    this.question = question;
    this.since = now;
  }

  get holds(): boolean {
    return this.places > 0 || this.credit > 0 || this.used > 0;
  }

  clear(): void {
    this.places = 0;
    this.used = 0;
    this.credit = 0;
    this.validUntil = 0;
  }
}

/**
 * Requests that are admitted without a question to Redis. For users who ask often, a replica gets places in the rate and credit of
 * the budget in advance, for a quarter of a second, and admits with them by itself. Limits stay exact:
 *
 * - Redis counts what is held as taken; places that nobody came back for as used, and credit as reserved until it is given back.
 * - What replicas hold together is a quarter of what is left at most. Near a limit they get nothing, and each request asks Redis.
 * - A request for which there would be room if others did not hold it waits until they have given it back, and asks again.
 * - What is held is of use for much less time than it takes to begin another epoch without this replica, or to take it for dead.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #leases = new Map<string, Lease>();
  #timer: NodeJS.Timeout | undefined;
  /** Redis' time less this process' own. */
  #offset = Date.now() - performance.now();
  #stopped = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Admits the request, if what it needs is held here. */
  take(question: Question): Taken | undefined {
    const now = performance.now();
    const amount = question.amountNanoUsd ?? 0;
    const { budgets, coordination } = this.#options;
    if (coordination.state !== 'ready' || this.#stopped) return undefined;
    const lease = this.#lease(question, now);
    lease.requests += 1;
    lease.amount += amount;
    if (amount > lease.largest) lease.largest = amount;
    const { rate } = question;
    const enough =
      now < lease.validUntil &&
      lease.generation === budgets.generation &&
      (rate === undefined || lease.places > 0) &&
      lease.credit >= amount;
    if (enough) {
      lease.credit -= amount;
      if (rate) {
        lease.places -= 1;
        lease.used += 1;
        lease.remaining -= 1;
      }
    }
    if (this.#runsLow(lease, now)) this.#renew(lease, now);
    if (!enough) return undefined;
    return {
      at: Math.floor(now + this.#offset),
      rate: rate && { limit: rate.requests, remaining: lease.remaining, waitMs: Math.max(1, lease.resetAt - now) },
      credit: creditField(coordination.epoch, question.route, question.user),
    };
  }

  /** Gives back what is held for a user. */
  async release(user: string, rateKey: string): Promise<void> {
    const found = [...this.#leases.values()].filter(
      ({ question }) => question.rateKey === rateKey || (user !== '' && question.user === user),
    );
    await Promise.all(found.map((lease) => this.#giveBack(lease)));
  }

  /** Gives back everything, and gets no more. */
  async stop(): Promise<void> {
    this.vanish();
    await Promise.all([...this.#leases.values()].map((lease) => this.#giveBack(lease)));
  }

  /** Stops at once, and gives nothing back. */
  vanish(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #lease(question: Question, now: number): Lease {
    let lease = this.#leases.get(question.rateKey);
    if (lease) {
      // One that is not rated says nothing of the rate that places are held in.
      if (question.rate || !lease.question.rate) lease.question = question;
    } else {
      lease = new Lease(question, now);
      this.#leases.set(question.rateKey, lease);
      this.#timer ??= setInterval(() => this.#tick(performance.now()), TICK_MS).unref();
    }
    // Too seldom, so far: count anew.
    if (lease.requests < WORTH && now - lease.since > VALID_MS) lease.since = forget(lease, now);
    return lease;
  }

  #runsLow(lease: Lease, now: number): boolean {
    if (lease.asked || now < lease.notBefore || lease.requests < WORTH) return false;
    if (now >= lease.validUntil || lease.generation !== this.#options.budgets.generation) return true;
    const { rate } = lease.question;
    return (rate !== undefined && lease.places * 2 < lease.fullPlaces) || lease.credit * 2 < lease.fullCredit;
  }

  #tick(now: number): void {
    for (const [key, lease] of this.#leases) {
      if (lease.asked) continue;
      if (!lease.holds) {
        if (now - lease.since > 1_000) this.#leases.delete(key);
      } else if (now - lease.askedAt > RENEW_MS) {
        if (lease.requests > 0 && now >= lease.notBefore) this.#renew(lease, now);
        else void this.#giveBack(lease);
      }
    }
    if (this.#leases.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells what was used, and gets as much as is likely to be needed until the next time. */
  #renew(lease: Lease, now: number): void {
    const { question, requests, amount, largest } = lease;
    const often = VALID_MS / Math.max(now - lease.since, 1);
    const places = Math.min(MOST_PLACES, Math.max(2 * LEAST, Math.ceil(requests * often)));
    const credit = largest === 0 ? 0 : Math.max(2 * LEAST * largest, Math.ceil(amount * often));
    lease.since = forget(lease, now);
    this.#ask(lease, now, {
      places: question.rate ? Math.max(0, places - lease.places) : 0,
      credit: Math.max(0, credit - lease.credit),
      leastCredit: LEAST * largest,
    });
  }

  async #giveBack(lease: Lease): Promise<void> {
    await lease.asked;
    if (!lease.holds) return;
    this.#ask(lease, performance.now(), undefined);
    await lease.asked;
  }

  /** @param wanted undefined: everything goes back */
  #ask(
    lease: Lease,
    now: number,
    wanted: { readonly places: number; readonly credit: number; readonly leastCredit: number } | undefined,
  ): void {
    const { budgets, coordination } = this.#options;
    const { question, used } = lease;
    // Of an earlier generation, all is lost. What may not be used any more goes back.
    if (lease.generation !== budgets.generation) lease.clear();
    const back = !wanted || now >= lease.validUntil ? { places: lease.places, credit: lease.credit } : NOTHING;
    lease.places -= back.places;
    lease.credit -= back.credit;
    lease.used = 0;
    lease.askedAt = now;
    const { generation } = budgets;
    lease.asked = budgets
      .lease(coordination.epoch, {
        user: question.user,
        route: question.route,
        rateKey: question.rateKey,
        limits: question.tier.budget,
        rate: question.rate,
        credit: { back: back.credit, wanted: wanted?.credit ?? 0, least: wanted?.leastCredit ?? 0 },
        places: { used, back: back.places, wanted: wanted?.places ?? 0, least: LEAST },
        part: SHARE * coordination.replicas,
        holdMs: HOLD_MS,
      })
      .then(
        (answer) => this.#got(lease, answer, generation, now, wanted),
        // Redis is gone, and what it gave with it.
        () => lease.clear(),
      )
      .finally(() => {
        lease.asked = undefined;
      });
  }

  async #got(
    lease: Lease,
    answer: Leased,
    generation: string,
    askedAt: number,
    wanted: { readonly places: number; readonly credit: number } | undefined,
  ): Promise<void> {
    const { coordination, onSwept } = this.#options;
    const now = performance.now();
    if (answer.kind !== 'done') {
      lease.clear();
      lease.notBefore = now + PAUSE_MS;
      if (answer.kind === 'swept') await onSwept(coordination.epoch, generation);
      else coordination.look();
      return;
    }
    this.#offset = answer.now - now;
    if (!answer.kept) lease.places = 0;
    lease.generation = generation;
    lease.places += answer.places;
    lease.credit += answer.creditNanoUsd;
    lease.fullPlaces = lease.places;
    lease.fullCredit = lease.credit;
    lease.remaining = answer.remaining - lease.used;
    lease.resetAt = now + answer.waitMs;
    lease.validUntil = askedAt + VALID_MS;
    if (!wanted) return;
    const refused =
      (wanted.places > 0 && answer.places === 0) || (wanted.credit > 0 && answer.creditNanoUsd === 0) || this.#stopped;
    if (!refused) return;
    // The limit is near. Others may need what is left here.
    lease.notBefore = now + PAUSE_MS;
    setImmediate(() => void this.#giveBack(lease));
  }
}

const NOTHING = { places: 0, credit: 0 } as const;

/** Begins to count anew. */
function forget(lease: Lease, now: number): number {
  lease.requests = 0;
  lease.amount = 0;
  lease.largest = 0;
  return now;
}
