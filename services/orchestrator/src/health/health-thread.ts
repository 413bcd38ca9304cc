import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { LOOK_MS } from './stillness.ts';

export interface HealthThreadOptions {
  /** The file of the thread. */
  readonly script: string;
  readonly port: number;
  readonly host: string;
  /** For how long the event loop may stand still before the process counts as broken. */
  readonly stallSeconds: number;
  /** Why no request should come here; undefined when it should. */
  readonly notReady: () => string | undefined;
}

/** What the thread is started with. */
export interface ThreadData extends Pick<HealthThreadOptions, 'port' | 'host' | 'stallSeconds'> {
  /** Goes up with each beat of the main thread. */
  readonly beats: Int32Array;
  readonly notReady: string | undefined;
}

export interface ToThread {
  readonly notReady: string | undefined;
}

/** Said once, when it listens. */
export interface FromThread {
  readonly port: number;
}

/**
 * `/health/live` and `/health/ready` on a port and in a thread of their own. A probe that waited behind sixty requests would
 * say how long the queue is, and a slow one has the pod restarted, which makes the queue of the others longer. The main thread
 * leaves a sign of life four times a second, and says then whether it is ready; without it, both probes fail.
 */
export class HealthThread {
  readonly #options: HealthThreadOptions;
  readonly #beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #said: string | undefined;

  constructor(options: HealthThreadOptions) {
    this.#options = options;
  }

  /**
   * @returns the port on which it listens
   * @throws what kept it from listening. Should it end later, that is an uncaught error: nobody could see whether this works.
   */
  async start(): Promise<number> {
    const { script, port, host, stallSeconds, notReady } = this.#options;
    this.#said = notReady();
    const workerData: ThreadData = { port, host, stallSeconds, beats: this.#beats, notReady: this.#said };
    this.#worker = new Worker(script, { workerData, name: 'health' });
    this.#timer = setInterval(() => this.#beat(), LOOK_MS);
    const [listening] = (await once(this.#worker, 'message')) as [FromThread]; // It says nothing else.
    this.#worker.unref();
    this.#timer.unref();
    return listening.port;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker?.terminate();
  }

  #beat(): void {
    Atomics.add(this.#beats, 0, 1);
    const notReady = this.#options.notReady();
    if (notReady === this.#said) return;
    this.#said = notReady;
    const message: ToThread = { notReady };
    this.#worker?.postMessage(message);
  }
}
