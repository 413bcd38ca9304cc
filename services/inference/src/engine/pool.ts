import type { RunRequest, RunResult, SessionSpec } from './protocol.ts';
import type { Compute } from './worker-thread.ts';

/**
 * A fixed number of computing threads, each with a session of every model, so that the number of busy cores is the
 * same whichever model is asked for.
 */
export class Pool {
  readonly #all: readonly Compute[];
  readonly #busy = new Set<Compute>();

  constructor(threads: readonly Compute[]) {
    this.#all = threads;
  }

  /** Threads. */
  get size(): number {
    return this.#all.length;
  }

  /** Threads that are alive, busy or not. */
  get available(): number {
    return this.#all.filter((thread) => thread.available).length;
  }

  /** Threads that could start a batch now. */
  get idle(): number {
    return this.#all.filter((thread) => this.#canStart(thread)).length;
  }

  /** Opens a session in every thread; after a failure none has it. */
  async load(spec: SessionSpec): Promise<void> {
    const results = await Promise.allSettled(this.#all.map((thread) => thread.load(spec)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure === undefined) return;
    await this.unload(spec.key);
    throw failure.reason;
  }

  async unload(key: string): Promise<void> {
    await Promise.allSettled(this.#all.map((thread) => thread.unload(key)));
  }

  /**
   * Runs a batch on an idle thread.
   *
   * @throws Error when no thread is idle: the caller looks first
   */
  async run(request: RunRequest): Promise<RunResult> {
    const thread = this.#all.find((candidate) => this.#canStart(candidate));
    if (thread === undefined) throw new Error('no thread is idle');
    this.#busy.add(thread);
    try {
      return await thread.run(request);
    } finally {
      this.#busy.delete(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread.close()));
  }

  #canStart(thread: Compute): boolean {
    return thread.available && !this.#busy.has(thread);
  }
}
