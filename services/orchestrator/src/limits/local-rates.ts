interface Window {
  /** Milliseconds since 1970, ascending. */
  times: number[];
  /** Where those begin that still count. */
  first: number;
  windowMs: number;
}

/** The moments of the last requests, by key: what this replica let through itself. */
export class LocalRates {
  readonly #windows = new Map<string, Window>();

  /** Notes a request. */
  add(key: string, windowMs: number, now: number): void {
    let window = this.#windows.get(key);
    if (!window) {
      window = { times: [], first: 0, windowMs };
      this.#windows.set(key, window);
    }
    window.windowMs = windowMs;
    trim(window, now);
    window.times.push(now);
  }

  /** How many requests of the window still count. */
  used(key: string, now: number): number {
    const window = this.#windows.get(key);
    if (!window) return 0;
    trim(window, now);
    return window.times.length - window.first;
  }

  /** Milliseconds until the oldest request stops counting. */
  wait(key: string, now: number): number {
    const window = this.#windows.get(key);
    const oldest = window?.times[window.first];
    return window && oldest !== undefined ? Math.max(0, oldest + window.windowMs - now) : 0;
  }

  /** Everything that still counts, by key. */
  *entries(now: number): Generator<{ key: string; windowMs: number; times: readonly number[] }> {
    for (const [key, window] of this.#windows) {
      trim(window, now);
      if (window.first < window.times.length)
        yield { key, windowMs: window.windowMs, times: window.times.slice(window.first) };
    }
  }

  /** Forgets keys without a request that counts. */
  sweep(now: number): void {
    for (const [key, window] of this.#windows) {
      trim(window, now);
      if (window.first === window.times.length) this.#windows.delete(key);
    }
  }
}

function trim(window: Window, now: number): void {
  const { times, windowMs } = window;
  while (window.first < times.length && (times[window.first] ?? 0) <= now - windowMs) window.first += 1;
  // Cutting the front off moves the rest, so it is done when it is worth it.
  if (window.first > 256 && window.first * 2 > times.length) {
    times.splice(0, window.first);
    window.first = 0;
  }
}
