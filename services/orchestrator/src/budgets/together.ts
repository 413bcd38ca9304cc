import { describeError } from '../errors/describe.ts';
import type { PostgresLedger } from '../ledger/postgres-ledger.ts';
import type { Coordination } from '../limits/coordination.ts';
import type { LocalRates } from '../limits/local-rates.ts';
import type { Rate } from '../limits/policy.ts';
import type { RateState } from '../limits/rate-state.ts';
import type { Admitted, RedisBudgets } from '../stores/redis/budgets.ts';
import type { Alone } from './alone.ts';
import type { Journal } from './journal.ts';
import type { Leases } from './leases.ts';
import type { Question, Verdict } from './question.ts';

export interface TogetherOptions {
  readonly budgets: RedisBudgets;
  readonly journal: Journal;
  readonly leases: Leases;
  readonly coordination: Coordination;
  /** undefined: budgets begin with nothing spent */
  readonly ledger: PostgresLedger | undefined;
  readonly rates: LocalRates;
  /** Decides when Redis turns out not to be there. */
  readonly alone: Alone;
}

/** For how long a request waits for others to give back what it would have room in. */
const HELD_MS = 2_000;

/** Decides while Redis can be relied on: with what this replica holds of the limits, else by one script that all replicas share. */
export class Together {
  readonly #options: TogetherOptions;
  readonly #loading = new Map<string, Promise<void>>();

  constructor(options: TogetherOptions) {
    this.#options = options;
  }

  /** Admits with what this replica holds of the limits; undefined: somebody has to be asked. */
  take(question: Question): Verdict | undefined {
    const { leases, budgets, coordination } = this.#options;
    const taken = leases.take(question);
    if (!taken) return undefined;
    const { at, credit, rate } = taken;
    this.#count(question, at);
    const { epoch } = coordination;
    const { generation } = budgets;
    return { kind: 'yes', rate, at, by: { store: 'redis', epoch, generation, credit } };
  }

  /** @param before how often Redis was asked before, and did not answer although it seemed to be there */
  async decide(question: Question, before: number): Promise<Verdict> {
    const { budgets, journal, leases, coordination, alone } = this.#options;
    const { tier, rate, rateKey: key } = question;
    const until = performance.now() + HELD_MS;
    let waited = false;
    for (let round = 0; round < 5; round += 1) {
      if (coordination.state !== 'ready') break;
      const { epoch } = coordination;
      const { generation } = budgets;
      let answer: Admitted;
      try {
        answer = await budgets.admit(epoch, { ...question, limits: tier.budget });
      } catch (error) {
        // Lost on the way, or refused: nobody knows whether it was counted, and the epoch ends with that.
        coordination.distrust(error);
        break;
      }
      switch (answer.kind) {
        case 'yes': {
          this.#count(question, answer.now);
          const by = { store: 'redis', epoch, generation, credit: undefined } as const;
          return { kind: 'yes', rate: stateOf(rate, answer), at: answer.now, by };
        }
        case 'rate':
          return { kind: 'rate', rate: { limit: rate?.requests ?? 0, remaining: 0, waitMs: answer.waitMs } };
        case 'budget':
          this.#count(question, answer.now);
          return { kind: 'budget', rate: stateOf(rate, answer), full: answer.full };
        case 'held':
          // By a replica that died just now.
          if (performance.now() > until) {
            if (answer.full) return { kind: 'budget', rate: undefined, full: answer.full };
            return { kind: 'rate', rate: { limit: rate?.requests ?? 0, remaining: 0, waitMs: 1_000 } };
          }
          await leases.release(question.user, key);
          // Others give back what they hold when they hear that there is no more.
          if (waited) await coordination.change(50);
          waited = true;
          round -= 1;
          continue;
        case 'unknown user':
          try {
            await this.#load(question.user, answer.now);
          } catch (error) {
            return await alone.withoutBoth(question, describeError(error));
          }
          continue;
        case 'swept':
          await journal.begin(epoch, generation).catch(() => undefined);
          continue;
        case 'another epoch':
          coordination.look();
          await coordination.change(250);
      }
    }
    return await alone.decide(question, before);
  }

  /** Remembers that a request was let through, in case that Redis is lost. */
  #count({ rate, rateKey }: Question, at: number): void {
    if (rate) this.#options.rates.add(rateKey, rate.windowSeconds * 1000, at);
  }

  /** Makes a user's budget in Redis from PostgreSQL; once at a time. */
  #load(user: string, now: number): Promise<void> {
    const running = this.#loading.get(user);
    if (running) return running;
    const { budgets, coordination, ledger } = this.#options;
    const { epoch } = coordination;
    const load = async () => budgets.load(epoch, user, now, await ledger?.spending(user, now));
    const started = load().finally(() => this.#loading.delete(user));
    this.#loading.set(user, started);
    return started;
  }
}

function stateOf(rate: Rate | undefined, found: { remaining: number; waitMs: number }): RateState | undefined {
  return rate && { limit: rate.requests, remaining: found.remaining, waitMs: found.waitMs };
}
