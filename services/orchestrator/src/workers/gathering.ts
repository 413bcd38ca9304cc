import { AggregatorRegistry } from 'prom-client';
import type { Snapshot } from './messages.ts';

interface Round {
  /** Who has not reported yet. */
  readonly missing: Set<number>;
  readonly done: () => void;
}

/**
 * The metrics of all workers as those of one process: whoever is asked for them, the answer is the same, and what a worker counted
 * does not vanish with it. prom-client's own gathering would wait five seconds for a worker that ends meanwhile, and then fail; and
 * a counter that goes down counts for Prometheus as one that began anew.
 */
export class Gathering {
  readonly #last = new Map<number, Snapshot>();
  /** What workers counted that are no more. */
  #retired: Snapshot = [];
  readonly #rounds = new Map<number, Round>();
  #count = 0;

  /**
   * Asks workers for what they count, and waits for those that are there.
   *
   * @param ask Asks one for its report of a round.
   * @returns Prometheus' text format
   */
  async gather(workers: readonly number[], ask: (worker: number, round: number) => void): Promise<string> {
    this.#count += 1;
    const round = this.#count;
    await new Promise<void>((resolve) => {
      this.#rounds.set(round, { missing: new Set(workers), done: resolve });
      for (const worker of workers) ask(worker, round);
      this.#settle(round);
    });
    return await AggregatorRegistry.aggregate([this.#retired, ...this.#last.values()]).metrics();
  }

  report(worker: number, round: number, snapshot: Snapshot): void {
    this.#last.set(worker, snapshot);
    this.#rounds.get(round)?.missing.delete(worker);
    this.#settle(round);
  }

  /** A worker ended. */
  async left(worker: number): Promise<void> {
    const last = this.#last.get(worker);
    this.#last.delete(worker);
    for (const [round, { missing }] of this.#rounds) {
      missing.delete(worker);
      this.#settle(round);
    }
    if (!last) return;
    const counted = last.filter(({ type }) => isSum(String(type)));
    this.#retired = await AggregatorRegistry.aggregate([this.#retired, counted]).getMetricsAsJSON();
  }

  #settle(round: number): void {
    const { missing, done } = this.#rounds.get(round) ?? {};
    if (missing?.size !== 0) return;
    this.#rounds.delete(round);
    done?.();
  }
}

/** What is still true when the process that counted it has ended. */
function isSum(type: string): boolean {
  return type === 'counter' || type === 'histogram';
}
