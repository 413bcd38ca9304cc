import { Slots, type Slotted } from '../slots.ts';

/** Something that may not take longer than it may. */
export interface Watched extends Slotted {
  /** @param now As of `performance.now()`. */
  look(now: number): void;
}

/**
 * Looks at all that is under way, fifty times a second: how long it may take is a number to each. With a timer for each phase of
 * each call, five would be set and cleared for every one that does nothing wrong.
 */
export class Deadlines {
  readonly #watched = new Slots<Watched>();
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param everyMs How late an end may be noticed. */
  constructor(everyMs = 20) {
    this.#everyMs = everyMs;
  }

  watch(watched: Watched): void {
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs);
  }

  forget(watched: Watched): void {
    this.#watched.remove(watched);
  }

  #look(): void {
    const now = performance.now();
    for (const watched of this.#watched) watched.look(now);
    // Not at once when it gets empty: then it would be started and stopped with each call that is alone.
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
