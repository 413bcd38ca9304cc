/** How long the last calls took. */
export class Latency {
  readonly #times: number[] = [];
  readonly #size: number;
  #at = 0;

  /** @param size How many calls are looked at. */
  constructor(size = 256) {
    this.#size = size;
  }

  add(ms: number): void {
    this.#times[this.#at] = ms;
    this.#at = (this.#at + 1) % this.#size;
  }

  /** In milliseconds; null before the first call. */
  get summary(): { readonly p50: number | null; readonly p95: number | null; readonly samples: number } {
    const sorted = [...this.#times].sort((a, b) => a - b);
    const at = (share: number): number | null => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
      return value === undefined ? null : Math.round(value * 10) / 10;
    };
    return { p50: at(0.5), p95: at(0.95), samples: sorted.length };
  }
}
