import type { RateState } from './rate-state.ts';

/** Where callers stand with their limits, as it was last heard. */
export class Standings {
  readonly #last = new Map<string, RateState & { readonly until: number }>();

  remember(key: string, state: RateState): RateState {
    const { limit, remaining, waitMs } = state;
    this.#last.set(key, { limit, remaining, waitMs, until: Date.now() + waitMs });
    return state;
  }

  /** What was last heard; undefined when that is over. */
  of(key: string): RateState | undefined {
    const now = Date.now();
    const last = this.#last.get(key);
    if (!last || last.until <= now) return undefined;
    return { limit: last.limit, remaining: last.remaining, waitMs: last.until - now };
  }

  /** Forgets what is over. */
  sweep(now: number): void {
    for (const [key, { until }] of this.#last) if (until <= now) this.#last.delete(key);
  }
}
