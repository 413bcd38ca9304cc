import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';

/** Work in the background that has to end before the process does. */
export class Work {
  readonly #log: Logger;
  readonly #running = new Set<Promise<unknown>>();

  constructor(log: Logger) {
    this.#log = log;
  }

  track(work: Promise<unknown>): void {
    const tracked = work
      .catch((error: unknown) => {
        this.#log.warn({ event: 'accounting_waiting', error: describeError(error) });
      })
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Resolves when all of it has ended, or the signal is aborted. */
  async done(signal?: AbortSignal): Promise<void> {
    while (this.#running.size > 0 && !signal?.aborted) await Promise.allSettled([...this.#running]);
  }
}
