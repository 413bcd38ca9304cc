/** How often a counter is looked at, and how often whoever is watched adds to it, in milliseconds. */
export const LOOK_MS = 250;

/**
 * For how long a counter has stood still, by the turns of who looks at it. Where neither ran (a container that was frozen, a
 * machine that slept), no time has passed.
 */
export class Stillness {
  readonly #read: () => number;
  readonly #intervalMs: number;
  #last: number;
  #turns = 0;

  /** @param intervalMs Between two calls of {@link look}. */
  constructor(read: () => number, intervalMs: number) {
    this.#read = read;
    this.#intervalMs = intervalMs;
    this.#last = read();
  }

  get seconds(): number {
    return (this.#turns * this.#intervalMs) / 1000;
  }

  look(): void {
    const now = this.#read();
    this.#turns = now === this.#last ? this.#turns + 1 : 0;
    this.#last = now;
  }
}
