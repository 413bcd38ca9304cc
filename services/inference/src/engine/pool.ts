import type { RunRequest, RunResult, SessionInfo, SessionSpec } from './protocol.ts';
import type { Compute } from './worker-thread.ts';

/** Makes a small batch of a new session, to be computed once before it serves; undefined for none. */
export type WarmUp = (info: SessionInfo) => RunRequest | undefined;

/**
 * A fixed number of computing threads, each with a session of every model, so that the number of busy cores is the
 * same whichever model is asked for.
 */
export class Pool {
  readonly #all: readonly Compute[];
  /** Batches that each has, the one that it computes among them; who began earliest comes first. */
  readonly #busy = new Map<Compute, number>();
  readonly #loading = new Set<Compute>();
  readonly #onIdle: () => void;
  #sessions = 0;

  /** @param onIdle called when a thread that was loading can compute again */
  constructor(threads: readonly Compute[], onIdle: () => void = () => {}) {
    this.#all = threads;
    this.#onIdle = onIdle;
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

  /**
   * Batches that busy threads could be handed already, to go on with at once when theirs are done: the way here and back
   * takes long where the machine has other things to do. Half of the threads at most, as such a batch waits for its thread.
   */
  get room(): number {
    if (this.idle > 0) return 0;
    const most = Math.ceil(this.#all.length / 2);
    let ahead = 0;
    for (const batches of this.#busy.values()) ahead += batches - 1;
    return Math.max(0, Math.min(most - ahead, this.#all.filter((thread) => this.#canGoOn(thread)).length));
  }

  /** Threads that compute or load now. */
  get busy(): number {
    return this.#all.filter((thread) => this.#busy.has(thread) || this.#loading.has(thread)).length;
  }

  /**
   * Opens a session in every thread; after a failure none has it. The first model is loaded by all threads at once;
   * later ones by one thread after another, so that the others go on serving.
   *
   * The first batch of a session reads the weights from disk and allocates, which the first request should not wait
   * for, and it shows that the model computes at all.
   */
  async load(spec: SessionSpec, warmUp: WarmUp = () => undefined): Promise<SessionInfo> {
    const infos: SessionInfo[] = [];
    const open = async (thread: Compute): Promise<void> => {
      this.#loading.add(thread);
      try {
        const info = await thread.load(spec);
        infos.push(info);
        const request = warmUp(info);
        if (request !== undefined) await thread.run(request);
      } finally {
        this.#loading.delete(thread);
        this.#onIdle();
      }
    };
    try {
      if (this.#sessions === 0) await allSettled(this.#all.map(open));
      else for (const thread of this.#all) await open(thread);
    } catch (error) {
      await this.#forget(spec.key);
      throw error;
    }
    this.#sessions += 1;
    const [info] = infos;
    if (info === undefined) throw new Error('there is no thread to load the model');
    return infos.find(({ fallback }) => fallback !== undefined) ?? info;
  }

  async unload(key: string): Promise<void> {
    this.#sessions -= 1;
    await this.#forget(key);
  }

  /**
   * Runs a batch on an idle thread, or on the one that began earliest, behind what it computes.
   *
   * @throws Error when there is none: the caller looks first
   */
  async run(request: RunRequest): Promise<RunResult> {
    const thread =
      this.#all.find((candidate) => this.#canStart(candidate)) ??
      [...this.#busy.keys()].find((candidate) => this.#canGoOn(candidate));
    if (thread === undefined) throw new Error('no thread is idle');
    this.#busy.set(thread, (this.#busy.get(thread) ?? 0) + 1);
    try {
      return await thread.run(request);
    } finally {
      const left = (this.#busy.get(thread) ?? 1) - 1;
      // Behind the others: what it has left begins now.
      this.#busy.delete(thread);
      if (left > 0) this.#busy.set(thread, left);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread.close()));
  }

  async #forget(key: string): Promise<void> {
    await Promise.allSettled(this.#all.map((thread) => thread.unload(key)));
  }

  #canGoOn(thread: Compute): boolean {
    return thread.available && this.#busy.get(thread) === 1 && !this.#loading.has(thread);
  }

  #canStart(thread: Compute): boolean {
    return thread.available && !this.#busy.has(thread) && !this.#loading.has(thread);
  }
}

/** Waits for all, and throws the first failure. */
async function allSettled(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
