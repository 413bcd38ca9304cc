import { BOUNDS_MS, bucketOf } from './histogram.ts';

/** How one route did during one interval. */
export interface Sample {
  readonly route: string;
  readonly requests: number;
  readonly errors: number;
  /** By the bounds of `BOUNDS_MS`; the last one has none. */
  readonly counts: readonly number[];
  readonly sumMs: number;
  readonly maxMs: number;
}

interface Open {
  requests: number;
  errors: number;
  readonly counts: number[];
  sumMs: number;
  maxMs: number;
}

/** Collects how routes do until the next time that somebody takes it. */
export class Samples {
  #open = new Map<string, Open>();

  /** @param status of the answer; 5xx is an error of the service, 499 and other 4xx are not */
  add(route: string, status: number, ms: number): void {
    let open = this.#open.get(route);
    if (!open) {
      open = { requests: 0, errors: 0, counts: new Array<number>(BOUNDS_MS.length + 1).fill(0), sumMs: 0, maxMs: 0 };
      this.#open.set(route, open);
    }
    const at = bucketOf(ms);
    open.requests += 1;
    if (status >= 500) open.errors += 1;
    open.counts[at] = (open.counts[at] ?? 0) + 1;
    open.sumMs += ms;
    open.maxMs = Math.max(open.maxMs, ms);
  }

  /** What was collected so far. */
  peek(): Sample[] {
    return [...this.#open].map(([route, open]) => ({ route, ...open }));
  }

  /** What was collected, which then begins anew. */
  take(): Sample[] {
    const taken = this.peek();
    this.#open = new Map();
    return taken;
  }
}
