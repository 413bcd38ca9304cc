import type { Rate, TierPolicy } from '../limits/policy.ts';
import type { RateState } from '../limits/rate-state.ts';
import type { FullBudget } from './refusals.ts';

/** Whether a request may be made. */
export interface Question {
  readonly id: string;
  readonly user: string;
  readonly tier: TierPolicy;
  readonly route: string;
  readonly rateKey: string;
  /** undefined: the rate was looked at before */
  readonly rate: Rate | undefined;
  /** undefined: a request that costs nothing and is in no ledger */
  readonly amountNanoUsd: number | undefined;
  /** What the journal keeps. */
  readonly entry: string;
}

/** What came of a question. */
export type Verdict =
  | { readonly kind: 'yes'; readonly rate: RateState | undefined; readonly at: number; readonly by: Decider }
  | { readonly kind: 'rate'; readonly rate: RateState }
  | { readonly kind: 'budget'; readonly rate: RateState | undefined; readonly full: FullBudget }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Who holds the reservation. */
export type Decider =
  | {
      readonly store: 'redis';
      readonly epoch: string;
      readonly generation: string;
      /** The credit that the reservation was taken from; the journal has still to be told. undefined: Redis knows it. */
      readonly credit: string | undefined;
    }
  | { readonly store: 'postgres' }
  | { readonly store: 'none' };
