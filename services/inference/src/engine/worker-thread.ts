import { Worker } from 'node:worker_threads';
import type { FromWorker, RunRequest, RunResult, SessionInfo, SessionSpec, ToWorker } from './protocol.ts';
import { buffersOf } from './tensor.ts';

/** The thread ended while it had work: whoever asked may ask again. */
export class WorkerCrashedError extends Error {
  override readonly name = 'WorkerCrashedError';
  /** Whether the thread may have begun with the work: then the work may be why it ended. */
  readonly begun: boolean;

  constructor(message: string, { begun = true, ...options }: ErrorOptions & { readonly begun?: boolean } = {}) {
    super(message, options);
    this.begun = begun;
  }
}

/** The thread could not do what it was asked, and goes on. The message is about sessions and tensors, never texts. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError';
}

/** What a thread can be asked, apart from the thread, so that tests can put something else in its place. */
export interface Compute {
  load(spec: SessionSpec): Promise<SessionInfo>;
  unload(key: string): Promise<void>;
  run(request: RunRequest): Promise<RunResult>;
  close(): Promise<void>;
  /** False while the thread is being started again. */
  readonly available: boolean;
}

export interface WorkerThreadOptions {
  /** @default - `worker.ts` beside this file, or `worker.js` beside the bundle */
  readonly entry?: URL;
  /** Called when the thread ended unasked, before it is started again. */
  readonly onCrash?: (reason: Error) => void;
  /** Called when the thread has been started again and has its sessions. */
  readonly onRestarted?: () => void;
}

type Done = Extract<FromWorker, { type: 'done' }>;

interface Pending {
  readonly resolve: (answer: Done) => void;
  readonly reject: (error: Error) => void;
}

/** Waiting before the next start doubles from the first to the last, so that a broken worker does not spin. */
const FIRST_RESTART_MS = 50;
const LAST_RESTART_MS = 10_000;
/** A thread that lived this long was well; its next end is a new story. */
const STABLE_MS = 30_000;

/** One worker thread that starts again, with the sessions that it had, when it ends unasked. */
export class WorkerThread implements Compute {
  readonly #options: WorkerThreadOptions;
  readonly #specs = new Map<string, SessionSpec>();
  #pending = new Map<number, Pending>();
  #worker: Worker;
  #restarting: Promise<void> | undefined;
  #nextId = 0;
  #startedAt = 0;
  #delay = FIRST_RESTART_MS;
  #closing = false;

  constructor(options: WorkerThreadOptions = {}) {
    this.#options = options;
    this.#worker = this.#start();
  }

  get available(): boolean {
    return this.#restarting === undefined && !this.#closing;
  }

  async load(spec: SessionSpec): Promise<SessionInfo> {
    await this.#untilAvailable();
    const { info } = await this.#ask({ type: 'load', id: this.#nextId++, spec });
    this.#specs.set(spec.key, spec);
    return info ?? { inputs: [], outputs: [], provider: 'cpu' };
  }

  async unload(key: string): Promise<void> {
    this.#specs.delete(key);
    await this.#untilAvailable();
    await this.#ask({ type: 'unload', id: this.#nextId++, key });
  }

  async run(request: RunRequest): Promise<RunResult> {
    await this.#untilAvailable();
    const buffers = buffersOf(Object.values(request.feeds));
    const { result } = await this.#ask({ type: 'run', id: this.#nextId++, request }, buffers);
    if (result === undefined) throw new Error('the worker answered a run without a result');
    return result;
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#worker.terminate();
  }

  async #untilAvailable(): Promise<void> {
    while (this.#restarting !== undefined) await this.#restarting;
  }

  #ask(message: ToWorker, transfer: ArrayBuffer[] = []): Promise<Done> {
    return new Promise((resolve, reject) => {
      if (this.#closing) return reject(new WorkerCrashedError('the worker is closed'));
      this.#pending.set(message.id, { resolve, reject });
      this.#worker.postMessage(message, transfer);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#options.entry ?? defaultEntry(), { name: 'inference' });
    let reason: Error | undefined;
    this.#startedAt = performance.now();
    worker.on('message', (message: FromWorker) => this.#settle(message));
    worker.on('error', (error) => {
      reason = error instanceof Error ? error : new Error(String(error));
    });
    worker.on('exit', (code) => this.#ended(reason ?? new Error(`the worker ended with code ${code}`)));
    return worker;
  }

  #settle(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.type === 'done') pending?.resolve(message);
    else pending?.reject(new WorkerError(message.message));
  }

  #ended(reason: Error): void {
    const lost = [...this.#pending.values()];
    this.#pending = new Map();
    if (!this.#closing) {
      this.#options.onCrash?.(reason);
      this.#restarting = this.#restart();
    }
    // The thread does one thing after the other.
    for (const [at, { reject }] of lost.entries()) {
      reject(new WorkerCrashedError(reason.message, { cause: reason, begun: at === 0 }));
    }
  }

  async #restart(): Promise<void> {
    this.#delay =
      performance.now() - this.#startedAt > STABLE_MS ? FIRST_RESTART_MS : Math.min(this.#delay * 2, LAST_RESTART_MS);
    const delay = Promise.withResolvers<void>();
    // A server that is going down must not wait for a worker to come back.
    setTimeout(delay.resolve, this.#delay).unref();
    await delay.promise;
    if (this.#closing) {
      this.#restarting = undefined;
      return;
    }
    const worker = this.#start();
    this.#worker = worker;
    const loads = [...this.#specs.values()].map((spec) => this.#ask({ type: 'load', id: this.#nextId++, spec }));
    const results = await Promise.allSettled(loads);
    // Ended again meanwhile: the restart that followed goes on from here.
    if (this.#worker !== worker || results.some(({ status }) => status === 'rejected')) {
      await worker.terminate();
      return;
    }
    this.#restarting = undefined;
    this.#options.onRestarted?.();
  }
}

/** Run from source by Node itself, or from the bundle: the worker lies beside either. */
function defaultEntry(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./worker.ts', import.meta.url)
    : new URL('./worker.js', import.meta.url);
}
