import { constants } from 'node:os';

/** What has to be ended when the measurement is over, the last one first. */
export class Cleanup {
  #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.unshift(step);
  }

  /** Does it as well when this process is told to end, by a signal. */
  onSignals(): void {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => void this.run().finally(() => process.exit(128 + constants.signals[signal])));
  }

  async run(): Promise<void> {
    const steps = this.#steps;
    this.#steps = [];
    for (const step of steps) await step();
  }
}
