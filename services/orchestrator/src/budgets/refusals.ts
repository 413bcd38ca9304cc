import { AppError } from '../errors/app-error.ts';
import type { Period } from '../limits/policy.ts';
import type { RateState } from '../limits/rate-state.ts';
import { dollars } from './money.ts';
import { periodOf } from './periods.ts';

/** A budget without room. */
export interface FullBudget {
  readonly period: Period;
  /** undefined: the store does not say */
  readonly limitNanoUsd: number | undefined;
  /** Spent and reserved. */
  readonly takenNanoUsd: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** There were too many requests. */
export function tooMany(tier: string, { limit, waitMs }: RateState): AppError {
  return new AppError('rate_limited', {
    message: `The tier "${tier}" allows ${limit} to this endpoint within the window.`,
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)),
  });
}

/** A budget has no room for a call. */
export function noRoom({ period, limitNanoUsd, takenNanoUsd, at }: FullBudget, amountNanoUsd: number): AppError {
  const facts =
    limitNanoUsd === undefined || takenNanoUsd === undefined
      ? ''
      : ` Of ${dollars(limitNanoUsd)} USD, ${dollars(takenNanoUsd)} are spent or reserved, and this request may cost ${dollars(amountNanoUsd)}.`;
  return new AppError('budget_exceeded', {
    message: `It is the ${period} one.${facts}`,
    retryAfterSeconds: Math.max(1, Math.ceil((periodOf(period, at).end - at) / 1000)),
  });
}

/** No store can say. */
export function unavailable(reason: string): AppError {
  return new AppError('policy_unavailable', { message: `${reason}.`, retryAfterSeconds: 1 });
}
