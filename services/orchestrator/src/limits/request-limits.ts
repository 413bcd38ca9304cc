import type { Identity } from '../auth/identity.ts';
import type { Question, Verdict } from '../budgets/question.ts';
import { tooMany, unavailable } from '../budgets/refusals.ts';
import type { AppError } from '../errors/app-error.ts';
import type { Series } from '../tally.ts';
import type { AccountingMetrics } from './accounting-metrics.ts';
import { type Policy, type Rate, rateOf, type TierPolicy } from './policy.ts';
import { type RateState, rateHeaders } from './rate-state.ts';
import { Standings } from './standings.ts';

export interface RequestLimitsOptions {
  readonly policy: Policy;
  readonly metrics: AccountingMetrics;
  /** Asks whoever decides at the time. */
  readonly decide: (question: Question) => Verdict | Promise<Verdict>;
}

/** Routes whose calls ask for their admission themselves; the limit of all others is looked at before they run. */
export const ADMITTED_BY_GATEWAY: ReadonlySet<string> = new Set([
  '/v1/chat/completions',
  '/v1/messages',
  '/v1/embeddings',
]);

/** How many requests callers may make, by their tier, and where each of them stands. */
export class RequestLimits {
  readonly #options: RequestLimitsOptions;
  readonly #standings = new Standings();
  readonly #used = new Map<string, Series>();

  constructor(options: RequestLimitsOptions) {
    this.#options = options;
  }

  tierOf(identity: Pick<Identity, 'tier'>): TierPolicy {
    return this.#options.policy.tiers.get(identity.tier) ?? this.#defaultTier();
  }

  /** Counts a request of a caller. */
  count(tier: string): void {
    let series = this.#used.get(tier);
    if (!series) {
      series = this.#options.metrics.usageRequests.series({ user_tier: tier });
      this.#used.set(tier, series);
    }
    series.add();
  }

  /**
   * Whether a request to a route that makes no call of a model by itself is within the limit.
   *
   * @throws AppError `rate_limited` or `policy_unavailable`
   */
  async limit(identity: Identity, route: string): Promise<RateState> {
    const tier = this.tierOf(identity);
    this.count(tier.name);
    return await this.#limit(rateKey(identity.user, route), route, tier, rateOf(tier, route));
  }

  /** The same for a request without a valid token. */
  async limitAddress(address: string): Promise<RateState> {
    const tier: TierPolicy = { ...this.#defaultTier(), name: 'none' };
    return await this.#limit(`@${address}`, 'unauthenticated', tier, this.#options.policy.unauthenticated);
  }

  /** Where a caller stands, without a request being counted: what was last heard, else the whole limit. */
  peek(identity: Identity | null, route: string): RateState {
    if (!identity) return whole(this.#options.policy.unauthenticated);
    return this.#standings.of(rateKey(identity.user, route)) ?? whole(rateOf(this.tierOf(identity), route));
  }

  /** Where a caller stands after a verdict, for the answer; it is remembered. Empty where the verdict does not say. */
  headersOf({ rateKey: key }: Question, verdict: Verdict): Record<string, string> {
    const state = verdict.kind === 'unknown' ? undefined : verdict.rate;
    return state ? rateHeaders(this.#standings.remember(key, state)) : {};
  }

  /** Counts a refusal. */
  tooMany(tier: string, route: string, rate: RateState): AppError {
    this.#options.metrics.rateLimitRejections.inc({ user_tier: tier, route });
    return tooMany(tier, rate);
  }

  /** Forgets what is over. */
  sweep(now: number): void {
    this.#standings.sweep(now);
  }

  async #limit(key: string, route: string, tier: TierPolicy, rate: Rate): Promise<RateState> {
    const question: Question = {
      id: '',
      user: '',
      tier,
      route,
      rateKey: key,
      rate,
      amountNanoUsd: undefined,
      entry: '',
    };
    const verdict = await this.#options.decide(question);
    switch (verdict.kind) {
      case 'yes':
        return this.#standings.remember(key, verdict.rate ?? whole(rate));
      case 'rate':
        this.#standings.remember(key, verdict.rate);
        throw this.tooMany(tier.name, route, verdict.rate);
      case 'budget':
      case 'unknown':
        throw unavailable(verdict.kind === 'unknown' ? verdict.reason : 'budget');
    }
  }

  #defaultTier(): TierPolicy {
    const { tiers, defaultTier } = this.#options.policy;
    const tier = tiers.get(defaultTier);
    if (!tier) throw new Error(`There is no tier "${defaultTier}".`);
    return tier;
  }
}

/** What is counted together: each endpoint of a user by itself. */
export function rateKey(user: string, route: string): string {
  return `${user}:${route}`;
}

/** The state of somebody who asked for nothing yet. */
function whole({ requests }: Rate): RateState {
  return { limit: requests, remaining: requests, waitMs: 0 };
}
