import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import type { Reconciler } from './reconciler.ts';

export interface UpkeepOptions {
  readonly reconciler: Reconciler;
  readonly log: Logger;
  readonly onRestored: (count: number) => void;
  /** Between two looks whether the numbers differ. @default 30000 */
  readonly intervalMs?: number;
}

/** Runs the reconciler: thoroughly on request, cheaply from time to time, never twice at once. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #requested = false;
  #stopped = false;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  /** From now on, look from time to time. */
  start(): void {
    this.#schedule(this.#options.intervalMs ?? 30_000);
  }

  /** Have it run thoroughly soon: something was lost, or may have been. */
  request(): void {
    // Asked for already: putting it off again with every question would put it off for ever.
    if (this.#requested) return;
    this.#requested = true;
    // A moment later: what came back a moment ago is often not ready for more than a ping.
    if (this.#timer !== undefined) this.#schedule(1_000);
  }

  /** @throws what the stores throw */
  async run(thorough: boolean): Promise<void> {
    const { reconciler, log, onRestored } = this.#options;
    const result = await reconciler.run(thorough);
    if (!result) return;
    const { restored, removed, swept } = result;
    onRestored(restored);
    if (restored > 0 || removed > 0 || swept) log.info({ event: 'vectors_reconciled', restored, removed, swept });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#running ??= this.#turn().finally(() => {
        this.#running = undefined;
        this.#schedule(this.#requested ? 2_000 : (this.#options.intervalMs ?? 30_000));
      });
    }, ms);
    this.#timer.unref();
  }

  async #turn(): Promise<void> {
    const thorough = this.#requested;
    this.#requested = false;
    try {
      await this.run(thorough);
    } catch (error) {
      this.#requested ||= thorough;
      this.#options.log.warn({ event: 'reconcile_failed', error: describeError(error) });
    }
  }
}
