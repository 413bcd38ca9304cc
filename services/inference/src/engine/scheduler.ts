import { type ModelInterface, packBatch, unpackRow } from './batch.ts';
import type { RunRequest, RunResult } from './protocol.ts';
import { bucketOf, type Row, type RowInput, type RowOutputs } from './row.ts';
import { RowQueue } from './row-queue.ts';
import { WorkerCrashedError } from './worker-thread.ts';

/** The queue is full: come back later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  /** When there should be room again. */
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`the queue is full; there should be room in ${retryAfterSeconds} s`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** What runs batches; a {@link Pool}, or something in its place in a test. */
export interface Runner {
  readonly idle: number;
  run(request: RunRequest): Promise<RunResult>;
}

export interface SchedulerOptions {
  /** Rows that may wait, over all models, for another request to be taken. */
  readonly maxQueue: number;
  /** Most tokens of a batch, padding included. */
  readonly maxBatchTokens: number;
  /** Called when a request did not fit the queue. */
  readonly onRefused?: () => void;
  /** Called after every batch that was computed. */
  readonly onBatch?: (key: string, rows: number, tokens: number, seconds: number) => void;
}

export interface Submission {
  readonly key: string;
  readonly model: ModelInterface;
  readonly rows: readonly RowInput[];
  /** Outputs wanted of every row. */
  readonly outputs: readonly string[];
  /** Takes the rows out of the queue when nobody waits for them any more. */
  readonly signal?: AbortSignal;
}

/** A batch that loses its worker is computed once more. */
const MAX_ATTEMPTS = 2;
/** Assumed until batches have been measured; about what one core does with a small encoder. */
const FIRST_TOKENS_PER_SECOND = 5000;

/**
 * Collects the rows of all requests into batches and hands each request its own rows.
 *
 * It never waits to fill a batch: an idle worker takes what is there, and while all are busy the queue grows into
 * larger batches by itself. Rows that fit several idle workers are shared out among them.
 */
export class Scheduler {
  readonly #runner: Runner;
  readonly #options: SchedulerOptions;
  readonly #queues = new Map<string, { readonly queue: RowQueue; readonly model: ModelInterface }>();
  #sequence = 0;
  #waiting = 0;
  #running = 0;
  #tokensPerSecond = FIRST_TOKENS_PER_SECOND;
  #dispatching = false;
  #whenIdle: PromiseWithResolvers<void> | undefined;

  constructor(runner: Runner, options: SchedulerOptions) {
    this.#runner = runner;
    this.#options = options;
  }

  /** Rows that wait for the model. */
  depth(key: string): number {
    return this.#queues.get(key)?.queue.size ?? 0;
  }

  /**
   * Computes rows; the results are in the order of the rows.
   *
   * @throws QueueFullError when the rows do not fit the queue; then none is queued
   * @throws WorkerCrashedError when the worker was lost twice over a batch
   */
  async submit(submission: Submission): Promise<RowOutputs[]> {
    const { key, model, outputs, signal } = submission;
    signal?.throwIfAborted();
    const { length } = submission.rows;
    // A request that is larger than the whole queue is taken when nothing else waits, or it never could be.
    if (this.#waiting > 0 && this.#waiting + length > this.#options.maxQueue) {
      this.#options.onRefused?.();
      throw new QueueFullError(this.#retryAfter());
    }
    const entry = this.#queues.get(key) ?? { queue: new RowQueue(), model };
    this.#queues.set(key, entry);
    const rows: Row[] = [];
    const results = submission.rows.map((input) => {
      const { promise, resolve, reject } = Promise.withResolvers<RowOutputs>();
      const bucket = bucketOf(input.ids.length);
      rows.push({ input, outputs, bucket, sequence: this.#sequence++, attempts: 0, cancelled: false, resolve, reject });
      return promise;
    });
    for (const row of rows) this.#push(entry.queue, row);
    const cancel = (reason: Error): void => {
      const before = entry.queue.size;
      entry.queue.cancel(rows);
      this.#waiting -= before - entry.queue.size;
      for (const row of rows) row.reject(reason);
      this.#settle();
    };
    const abort = (): void => cancel(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
    this.dispatch();
    try {
      return await Promise.all(results);
    } catch (error) {
      // One row failed, so the answer is an error already: computing the others would be for nobody.
      cancel(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Gives idle workers something to do; to be called when a worker came back. */
  dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    // Rows that arrive in the same turn of the event loop may share a batch.
    queueMicrotask(() => {
      this.#dispatching = false;
      while (this.#runner.idle > 0 && this.#startBatch());
    });
  }

  /** Resolves when nothing waits and nothing runs. */
  async drained(): Promise<void> {
    if (this.#waiting === 0 && this.#running === 0) return;
    this.#whenIdle ??= Promise.withResolvers<void>();
    await this.#whenIdle.promise;
  }

  #push(queue: RowQueue, row: Row): void {
    queue.push(row);
    this.#waiting += 1;
  }

  #startBatch(): boolean {
    const [next] = [...this.#queues].sort(([, a], [, b]) => a.queue.oldest - b.queue.oldest);
    if (next === undefined) return false;
    const [key, { queue, model }] = next;
    const { idle } = this.#runner;
    const share = idle > 1 ? Math.ceil(queue.tokens / idle) : Number.POSITIVE_INFINITY;
    const rows = queue.take(Math.min(this.#options.maxBatchTokens, share));
    if (rows.length === 0) return false;
    this.#waiting -= rows.length;
    this.#running += 1;
    void this.#run(key, model, queue, rows);
    return true;
  }

  async #run(key: string, model: ModelInterface, queue: RowQueue, rows: readonly Row[]): Promise<void> {
    const request = packBatch(key, model, rows);
    const tokens = Object.values(request.feeds)[0]?.data.length ?? 0;
    try {
      const result = await this.#runner.run(request);
      this.#tokensPerSecond = 0.9 * this.#tokensPerSecond + 0.1 * (tokens / Math.max(result.seconds, 1e-6));
      this.#options.onBatch?.(key, rows.length, tokens, result.seconds);
      for (const [index, row] of rows.entries()) row.resolve(unpackRow(model, row, index, result));
    } catch (error) {
      this.#failed(queue, rows, error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#running -= 1;
      this.dispatch();
      this.#settle();
    }
  }

  #failed(queue: RowQueue, rows: readonly Row[], error: Error): void {
    for (const row of rows) {
      row.attempts += 1;
      if (row.cancelled) continue;
      if (error instanceof WorkerCrashedError && row.attempts < MAX_ATTEMPTS) this.#push(queue, row);
      else row.reject(error);
    }
  }

  #settle(): void {
    if (this.#waiting > 0 || this.#running > 0) return;
    this.#whenIdle?.resolve();
    this.#whenIdle = undefined;
  }

  #retryAfter(): number {
    let tokens = 0;
    for (const { queue } of this.#queues.values()) tokens += queue.tokens;
    return Math.min(60, Math.max(1, Math.ceil(tokens / this.#tokensPerSecond)));
  }
}
