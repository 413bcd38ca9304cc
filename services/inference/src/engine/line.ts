import type { RunRequest, RunResult } from './protocol.ts';
import type { Waiting, WaitingQueue } from './row.ts';
import { WorkerCrashedError } from './worker-thread.ts';

/** How the inputs of one model wait, become a batch, and get their own part of its result. */
export interface Batching<Input, Output> {
  readonly queue: WaitingQueue<Waiting<Input, Output>>;
  /** What an input adds to a batch, in tokens. */
  cost(input: Input): number;
  pack(rows: readonly Waiting<Input, Output>[]): RunRequest;
  unpack(row: Waiting<Input, Output>, index: number, all: readonly Waiting<Input, Output>[], result: RunResult): Output;
}

/** A batch that loses its worker is computed once more. */
const MAX_ATTEMPTS = 2;

/** A batch on its way. */
export interface Batch {
  readonly request: RunRequest;
  readonly rows: number;
  succeeded(result: RunResult): void;
  /** Gives what may be tried again back to the queue; the others get the error. */
  failed(error: Error): void;
}

/** What the scheduler knows of a model: something waits, something runs. */
export interface Queued {
  readonly size: number;
  readonly tokens: number;
  readonly oldest: number;
  /** Batches that run. */
  readonly running: number;
  next(maxTokens: number): Batch | undefined;
}

/** The line in front of one model. */
export class Line<Input, Output> implements Queued {
  readonly #batching: Batching<Input, Output>;
  #running = 0;

  constructor(batching: Batching<Input, Output>) {
    this.#batching = batching;
  }

  get size(): number {
    return this.#batching.queue.size;
  }

  get tokens(): number {
    return this.#batching.queue.tokens;
  }

  get oldest(): number {
    return this.#batching.queue.oldest;
  }

  get running(): number {
    return this.#running;
  }

  /** Puts inputs into the line; `cancel` takes those out that still wait, and ends the waiting for all. */
  add(inputs: readonly Input[], outputs: readonly string[], sequence: () => number) {
    const { queue } = this.#batching;
    const rows: Waiting<Input, Output>[] = [];
    const results = inputs.map((input) => {
      const { promise, resolve, reject } = Promise.withResolvers<Output>();
      const bucket = this.#batching.cost(input);
      rows.push({ input, outputs, bucket, sequence: sequence(), attempts: 0, cancelled: false, resolve, reject });
      return promise;
    });
    for (const row of rows) queue.push(row);
    const cancel = (reason: Error): void => {
      queue.cancel(rows);
      for (const row of rows) row.reject(reason);
    };
    return { results, cancel };
  }

  next(maxTokens: number): Batch | undefined {
    const rows = this.#batching.queue.take(maxTokens);
    if (rows.length === 0) return undefined;
    this.#running += 1;
    return {
      request: this.#batching.pack(rows),
      rows: rows.length,
      succeeded: (result) => {
        this.#running -= 1;
        for (const [index, row] of rows.entries()) this.#deliver(row, index, rows, result);
      },
      failed: (error) => {
        this.#running -= 1;
        this.#retry(rows, error);
      },
    };
  }

  #deliver(
    row: Waiting<Input, Output>,
    index: number,
    all: readonly Waiting<Input, Output>[],
    result: RunResult,
  ): void {
    try {
      row.resolve(this.#batching.unpack(row, index, all, result));
    } catch (error) {
      row.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #retry(rows: readonly Waiting<Input, Output>[], error: Error): void {
    for (const row of rows) {
      if (!(error instanceof WorkerCrashedError) || error.begun) row.attempts += 1;
      if (row.cancelled) continue;
      if (error instanceof WorkerCrashedError && row.attempts < MAX_ATTEMPTS) this.#batching.queue.push(row);
      else row.reject(error);
    }
  }
}
