/** Longest time that computing may keep a thread from answering others, in milliseconds. */
const SLICE_MS = 1;

/**
 * Shares a thread among long computations: in each turn of the event loop all of them together get one slice of time, in the
 * order in which they asked, so that however many there are, others wait no longer than for one slice.
 *
 *   if (turns.busy) await turns.next();
 *   for (const part of work) {
 *     if (turns.over) await turns.next();
 *     …
 *   }
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  readonly #now: () => number;
  #scheduled = false;
  /** When this turn's slice is over; undefined while nobody has used any of it. */
  #end: number | undefined;

  /** @param now a clock in milliseconds; another one is for tests */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether who comes now has to wait: others do, or this turn's slice is over. */
  get busy(): boolean {
    return this.#waiting.length > 0 || this.over;
  }

  /** Whether this turn's slice is over. */
  get over(): boolean {
    if (this.#end !== undefined) return this.#now() > this.#end;
    this.#end = this.#now() + SLICE_MS;
    this.#schedule();
    return false;
  }

  /** Resolves in a later turn of the event loop that has time left. */
  next(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#turn());
  }

  async #turn(): Promise<void> {
    this.#scheduled = false;
    this.#end = undefined;
    while (this.#waiting.length > 0 && !this.over) {
      this.#waiting.shift()?.();
      // Whoever waited goes on before this does, and uses what it needs of the slice.
      await undefined;
    }
    if (this.#waiting.length > 0) this.#schedule();
  }
}

/** The time of the thread that answers requests. */
export const turns = new Turns();
