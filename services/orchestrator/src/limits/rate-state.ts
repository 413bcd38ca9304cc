/** Where a caller stands with the limit of an endpoint. */
export interface RateState {
  readonly limit: number;
  readonly remaining: number;
  /** Milliseconds until there is one more. */
  readonly waitMs: number;
}

/** The headers of every answer. Reset is in seconds from now: when there will be one more than Remaining says. */
export function rateHeaders({ limit, remaining, waitMs }: RateState): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(Math.max(0, remaining)),
    'x-ratelimit-reset': String(Math.ceil(waitMs / 1000)),
  };
}
