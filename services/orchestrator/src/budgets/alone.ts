import { describeError } from '../errors/describe.ts';
import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { LocalRates } from '../limits/local-rates.ts';
import type { Rate } from '../limits/policy.ts';
import type { RateState } from '../limits/rate-state.ts';
import type { Question, Verdict } from './question.ts';

export interface AloneOptions {
  readonly coordination: Coordination;
  readonly ledger: PostgresLedger | undefined;
  readonly rates: LocalRates;
  readonly replica: string;
  /** Asks again: Redis can be relied on. */
  readonly again: (question: Question, round: number) => Promise<Verdict>;
}

/** After so long every replica has noticed that Redis is gone, and told PostgreSQL what it had under way. */
const GRACE_MS = 1_500;
/** For how long a request waits for the other replicas to notice that Redis is gone. */
const SPLIT_MS = 4_000;
/** For how long a request waits for a store that can be relied on. */
const PATIENCE_MS = 8_000;
/** Requests that wait at the same time; more are refused. */
const MOST_WAITING = 2_000;

/**
 * Decides while Redis cannot be relied on. A tier that is `closed` is refused. For one that is `open`, a request waits until Redis is
 * back, or until PostgreSQL knows what every replica had under way; then PostgreSQL reserves budgets, exactly as Redis would, and
 * each replica lets its share of a rate pass. Without PostgreSQL, one request of each user passes per replica and outage.
 */
export class Alone {
  readonly #options: AloneOptions;
  /** What this replica let pass without anybody's knowledge, by user or key of a rate. */
  #blind = new Set<string>();
  /** How many requests of a key the replicas together had let through before Redis was gone. */
  #shares = new Map<string, Promise<number | undefined>>();
  /** How many requests of a key this replica let through since. */
  #passed = new Map<string, number>();
  /** Nobody relies on Redis. */
  #together = false;
  #looking: Promise<boolean> | undefined;
  #waiting = 0;

  constructor(options: AloneOptions) {
    this.#options = options;
  }

  /** Redis is back: what was let pass is known. */
  coordinated(): void {
    this.#blind = new Set();
    this.#shares = new Map();
    this.#passed = new Map();
    this.#together = false;
  }

  /** @param round how often Redis was asked before, and did not answer although it seemed to be there */
  async decide(question: Question, round: number): Promise<Verdict> {
    const { coordination } = this.#options;
    if (round >= 3) return await this.withoutBoth(question, 'Redis refuses to answer');
    if (question.tier.withoutRedis === 'closed' && coordination.state !== 'absent') {
      // A moment for a new epoch in which everybody is about to join; none for a Redis that is gone.
      if (coordination.state === 'joining') await coordination.change(1_000);
      if (coordination.state === 'ready') return await this.#options.again(question, round + 1);
      return { kind: 'unknown', reason: 'Redis is gone, and the tier is closed without it' };
    }
    const until = performance.now() + PATIENCE_MS;
    while (performance.now() < until) {
      switch (coordination.state) {
        case 'ready':
          return await this.#options.again(question, round + 1);
        case 'absent':
        case 'down': {
          if (coordination.downForMs < GRACE_MS) break;
          const verdict = await this.#byPostgres(question);
          if (verdict !== 'split') return verdict;
          // Others reach Redis, or have not noticed yet that it is gone.
          if (performance.now() > until - PATIENCE_MS + SPLIT_MS)
            return await this.withoutBoth(question, 'other replicas reach Redis');
          break;
        }
        case 'joining':
          break;
      }
      if (this.#waiting >= MOST_WAITING) break;
      this.#waiting += 1;
      const grace = GRACE_MS - coordination.downForMs;
      await coordination.change(coordination.state === 'down' ? (grace > 0 ? grace : 250) : 500);
      this.#waiting -= 1;
    }
    return { kind: 'unknown', reason: 'The replicas did not agree in time' };
  }

  /** Neither store can be asked: one request of each user, and what costs nothing. */
  async withoutBoth(question: Question, reason: string): Promise<Verdict> {
    const { tier, user, amountNanoUsd } = question;
    if (tier.withoutRedis === 'closed') return { kind: 'unknown', reason };
    if (amountNanoUsd !== undefined && amountNanoUsd > 0) {
      if (this.#blind.has(user))
        return { kind: 'unknown', reason: `Neither Redis nor PostgreSQL knows the budget (${reason})` };
      this.#blind.add(user);
    }
    return { kind: 'yes', rate: undefined, at: Date.now(), by: { store: 'none' } };
  }

  async #byPostgres(question: Question): Promise<Verdict | 'split'> {
    const { ledger, coordination, rates, replica } = this.#options;
    if (ledger && coordination.state === 'down' && (await this.#split())) return 'split';
    const now = Date.now();
    const { rate, rateKey, tier, amountNanoUsd } = question;
    let state: RateState | undefined;
    if (rate) {
      const before = await this.#before(rateKey, rate);
      // From here to the note of this request nothing is awaited, so that two of them cannot take the same place.
      const room = this.#room(rateKey, rate, now, before);
      if (room <= 0) {
        const waitMs = Math.max(1_000, rates.wait(rateKey, now));
        return { kind: 'rate', rate: { limit: rate.requests, remaining: 0, waitMs } };
      }
      rates.add(rateKey, rate.windowSeconds * 1000, now);
      this.#passed.set(rateKey, (this.#passed.get(rateKey) ?? 0) + 1);
      state = { limit: rate.requests, remaining: room - 1, waitMs: rates.wait(rateKey, now) };
    }
    if (amountNanoUsd === undefined) return { kind: 'yes', rate: state, at: now, by: { store: 'none' } };
    if (!ledger) {
      // Alone and without a memory: the limits of the tier cannot be kept, and there is no other replica to agree with.
      if (coordination.state === 'absent') return { kind: 'yes', rate: state, at: now, by: { store: 'none' } };
      return withRate(await this.withoutBoth(question, 'PostgreSQL is not configured'), state);
    }
    try {
      const full = await ledger.reserve(
        { requestId: question.id, at: now, user: question.user, amountNanoUsd, replica, entry: asSent(question.entry) },
        amountNanoUsd === 0 ? { daily: undefined, weekly: undefined, monthly: undefined } : tier.budget,
      );
      // Between the look at the others and this.
      if (full === 'split') return withRate(await this.withoutBoth(question, 'other replicas reach Redis'), state);
      if (full !== undefined)
        return {
          kind: 'budget',
          rate: state,
          full: { period: full, limitNanoUsd: undefined, takenNanoUsd: undefined, at: now },
        };
      return { kind: 'yes', rate: state, at: now, by: { store: 'postgres' } };
    } catch (error) {
      return withRate(await this.withoutBoth(question, describeError(error)), state);
    }
  }

  /** Whether another replica relies on Redis; asked at most ten times a second, and not again once nobody does. */
  async #split(): Promise<boolean> {
    const { ledger, replica } = this.#options;
    if (this.#together || !ledger) return false;
    this.#looking ??= ledger
      .othersOnRedis(replica)
      // Without PostgreSQL nobody reserves there.
      .catch(() => false)
      .then(async (split) => {
        this.#together = !split;
        if (split) await new Promise((resolve) => setTimeout(resolve, 100));
        return split;
      })
      .finally(() => {
        this.#looking = undefined;
      });
    return await this.#looking;
  }

  /** What the replicas together had let through of a key before Redis was gone; undefined: nobody can say, or it does not matter. */
  #before(key: string, rate: Rate): Promise<number | undefined> {
    const { coordination } = this.#options;
    if (coordination.state === 'absent' || coordination.downForMs > rate.windowSeconds * 1000)
      return Promise.resolve(undefined);
    return this.#usedBefore(key, rate.windowSeconds + GRACE_MS / 1000);
  }

  /** How many requests of a key this replica may still let through. */
  #room(key: string, rate: Rate, now: number, before: number | undefined): number {
    const { coordination, rates } = this.#options;
    // On its own from the start, or for so long that nothing counts any more of what others let through before.
    if (coordination.state === 'absent') return rate.requests - rates.used(key, now);
    if (coordination.downForMs > rate.windowSeconds * 1000)
      return Math.max(1, Math.floor(rate.requests / coordination.replicas)) - rates.used(key, now);
    // Nobody can say what the others did: one request.
    const left = before === undefined ? 1 : Math.floor(Math.max(0, rate.requests - before) / coordination.replicas);
    return left - (this.#passed.get(key) ?? 0);
  }

  #usedBefore(key: string, seconds: number): Promise<number | undefined> {
    let share = this.#shares.get(key);
    if (!share) {
      const { ledger, replica } = this.#options;
      share = ledger ? ledger.rateUsed(replica, key, seconds).catch(() => undefined) : Promise.resolve(undefined);
      this.#shares.set(key, share);
      // Nobody could say: the next request asks again.
      void share.then((used) => {
        if (used === undefined) this.#shares.delete(key);
      });
    }
    return share;
  }
}

/** From here on nobody is told when a backend is asked. */
function asSent(entry: string): string {
  return entry.replace(/"sent":false}$/, '"sent":true}');
}

function withRate(verdict: Verdict, rate: RateState | undefined): Verdict {
  return verdict.kind === 'yes' ? { ...verdict, rate } : verdict;
}
