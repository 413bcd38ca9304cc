import { type ModelInterface, packBatch, unpackRow } from './batch.ts';
import { Line, type Queued } from './line.ts';
import type { RunRequest, RunResult } from './protocol.ts';
import { bucketOf, type RowInput, type RowOutputs } from './row.ts';
import { RowQueue } from './row-queue.ts';
import { volume } from './tensor.ts';
import { packTensors, type TensorInput, type TensorOutputs, unpackTensors } from './tensor-batch.ts';
import { TensorQueue } from './tensor-queue.ts';

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
  /** Batches that would start at once. */
  readonly idle: number;
  /** Batches that it takes beyond them, to go on with. */
  readonly room: number;
  run(request: RunRequest): Promise<RunResult>;
}

export interface SchedulerOptions {
  /** Rows that may wait, over all models, for another request to be taken. */
  readonly maxQueue: number;
  /** Most tokens of a batch, padding included. */
  readonly maxBatchTokens: number;
  /** Called when a request did not fit the queue. */
  readonly onRefused?: (key: string) => void;
  /** Called after every batch that was computed. */
  readonly onBatch?: (key: string, rows: number, tokens: number, seconds: number) => void;
}

interface Wanted {
  readonly key: string;
  /** Outputs wanted of every row. */
  readonly outputs: readonly string[];
  /** Takes the rows out of the queue when nobody waits for them any more. */
  readonly signal?: AbortSignal;
}

/** Sequences of tokens for an encoder. */
export interface Submission extends Wanted {
  readonly model: ModelInterface;
  readonly rows: readonly RowInput[];
}

/** Tensors for a model that declares its own. */
export interface TensorSubmission extends Wanted {
  readonly input: TensorInput;
  /** Most rows computed together; 0 to compute each request by itself. The first submission of a key decides. */
  readonly maxBatchRows: number;
}

/** Assumed until batches have been measured; about what one core does with a small encoder. */
const FIRST_TOKENS_PER_SECOND = 5000;

/**
 * Collects the rows of all requests into batches and hands each request its own rows.
 *
 * It never waits to fill a batch: an idle worker takes what is there, and while all are busy the queue grows into
 * larger batches by itself. Rows that fit several idle workers are shared out among them. While much waits, busy workers
 * get a batch ahead.
 */
export class Scheduler {
  readonly #runner: Runner;
  readonly #options: SchedulerOptions;
  readonly #encoders = new Map<string, Line<RowInput, RowOutputs>>();
  readonly #others = new Map<string, Line<TensorInput, TensorOutputs>>();
  #sequence = 0;
  #tokensPerSecond = FIRST_TOKENS_PER_SECOND;
  #dispatching = false;
  readonly #watchers = new Set<{ readonly key: string | undefined; readonly resolve: () => void }>();

  constructor(runner: Runner, options: SchedulerOptions) {
    this.#runner = runner;
    this.#options = options;
  }

  /** Rows that wait for the model. */
  depth(key: string): number {
    return this.#line(key)?.size ?? 0;
  }

  /**
   * Computes rows; the results are in the order of the rows.
   *
   * @throws QueueFullError when the rows do not fit the queue; then none is queued
   * @throws WorkerCrashedError when the worker was lost twice over a batch
   */
  async submit(submission: Submission): Promise<RowOutputs[]> {
    const { key, model } = submission;
    let line = this.#encoders.get(key);
    if (line === undefined) {
      line = new Line({
        queue: new RowQueue(),
        cost: ({ ids }) => bucketOf(ids.length),
        pack: (rows) => packBatch(key, model, rows),
        unpack: (row, index, _all, result) => unpackRow(model, row, index, result),
      });
      this.#encoders.set(key, line);
    }
    return this.#wait(line, submission, submission.rows);
  }

  /** As {@link submit}, for one set of tensors. */
  async submitTensors(submission: TensorSubmission): Promise<TensorOutputs> {
    const { key } = submission;
    let line = this.#others.get(key);
    if (line === undefined) {
      line = new Line({
        queue: new TensorQueue(submission.maxBatchRows),
        cost: ({ feeds }) => Math.max(1, ...Object.values(feeds).map(({ dims }) => volume(dims))),
        pack: (rows) => packTensors(key, rows),
        unpack: unpackTensors,
      });
      this.#others.set(key, line);
    }
    const [outputs] = await this.#wait(line, submission, [submission.input]);
    if (outputs === undefined) throw new Error('a submission without a result');
    return outputs;
  }

  /** Gives idle workers something to do; to be called when a worker came back. */
  dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    // Rows that arrive in the same turn of the event loop may share a batch.
    queueMicrotask(() => {
      this.#dispatching = false;
      while (this.#runner.idle > 0 && this.#startBatch());
      // As long as it does not make smaller batches of few rows.
      while (this.#runner.room > 0 && this.#tokens() >= this.#options.maxBatchTokens / 2 && this.#startBatch());
    });
  }

  /** Resolves when nothing waits and nothing runs, for one model or for all. */
  async drained(key?: string): Promise<void> {
    if (this.#isDrained(key)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.add({ key, resolve });
    await promise;
  }

  /** Forgets a model that nobody asks for any more. */
  forget(key: string): void {
    if (!this.#isDrained(key)) return;
    this.#encoders.delete(key);
    this.#others.delete(key);
  }

  async #wait<Input, Output>(
    line: Line<Input, Output>,
    { key, outputs, signal }: Wanted,
    inputs: readonly Input[],
  ): Promise<Output[]> {
    signal?.throwIfAborted();
    const waiting = this.#waiting();
    // A request that is larger than the whole queue is taken when nothing else waits, or it never could be.
    if (waiting > 0 && waiting + inputs.length > this.#options.maxQueue) {
      this.#options.onRefused?.(key);
      throw new QueueFullError(this.#retryAfter());
    }
    const { results, cancel: leave } = line.add(inputs, outputs, () => this.#sequence++);
    const cancel = (reason: Error): void => {
      leave(reason);
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

  #startBatch(): boolean {
    let next: readonly [string, Queued] | undefined;
    for (const entry of this.#lines()) {
      if (next === undefined || entry[1].oldest < next[1].oldest) next = entry;
    }
    if (next === undefined) return false;
    const [key, line] = next;
    const { idle } = this.#runner;
    const share = idle > 1 ? Math.ceil(line.tokens / idle) : Number.POSITIVE_INFINITY;
    const batch = line.next(Math.min(this.#options.maxBatchTokens, share));
    if (batch === undefined) return false;
    void this.#run(key, batch);
    return true;
  }

  async #run(key: string, batch: NonNullable<ReturnType<Queued['next']>>): Promise<void> {
    const { request, rows } = batch;
    const tokens = Object.values(request.feeds)[0]?.data.length ?? 0;
    try {
      const result = await this.#runner.run(request);
      this.#tokensPerSecond = 0.9 * this.#tokensPerSecond + 0.1 * (tokens / Math.max(result.seconds, 1e-6));
      this.#options.onBatch?.(key, rows, tokens, result.seconds);
      batch.succeeded(result);
    } catch (error) {
      batch.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.dispatch();
      this.#settle();
    }
  }

  *#lines(): Generator<readonly [string, Queued]> {
    yield* this.#encoders;
    yield* this.#others;
  }

  #line(key: string): Queued | undefined {
    return this.#encoders.get(key) ?? this.#others.get(key);
  }

  #waiting(): number {
    let rows = 0;
    for (const [, { size }] of this.#lines()) rows += size;
    return rows;
  }

  #isDrained(key: string | undefined): boolean {
    for (const [name, { size, running }] of this.#lines()) {
      if ((key === undefined || key === name) && (size > 0 || running > 0)) return false;
    }
    return true;
  }

  #settle(): void {
    for (const watcher of this.#watchers) {
      if (!this.#isDrained(watcher.key)) continue;
      this.#watchers.delete(watcher);
      watcher.resolve();
    }
  }

  /** Tokens that wait. */
  #tokens(): number {
    let tokens = 0;
    for (const [, line] of this.#lines()) tokens += line.tokens;
    return tokens;
  }

  #retryAfter(): number {
    return Math.min(60, Math.max(1, Math.ceil(this.#tokens() / this.#tokensPerSecond)));
  }
}
