import cluster, { type Worker } from 'node:cluster';
import type { Known } from '../health/probe.ts';
import { serveProbes } from '../health/probe-server.ts';
import { LOOK_MS, Stillness } from '../health/stillness.ts';
import type { Logger } from '../logging.ts';
import { Gathering } from './gathering.ts';
import { type FromPrimary, type FromWorker, isOurs } from './messages.ts';

export interface PrimaryOptions {
  /** How many processes serve. */
  readonly workers: number;
  /** Where probes are answered; undefined: only the workers do, on the main port. */
  readonly healthPort: number | undefined;
  readonly host: string;
  /** For how long the event loop of a worker may stand still before the service counts as broken. */
  readonly stallSeconds: number;
  readonly log: Logger;
}

/** What is known of a worker. */
interface Member {
  readonly worker: Worker;
  readonly since: number;
  notReady: string | undefined;
  beats: number;
  /** undefined: it has not said yet that it serves. */
  stillness: Stillness | undefined;
}

/** A worker that ends is replaced after a moment, which doubles as long as they end soon, up to a bound. In milliseconds. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const SOON_MS = 10_000;

/**
 * Serves with several processes on one port, each on a processor of its own: Node.js runs JavaScript on one. To everything outside, each
 * is a replica like another pod, and limits are as exact among them. This process serves nothing itself: it
 * answers probes and gathers metrics for all of them, and replaces one that ends.
 */
export class Primary {
  readonly #options: PrimaryOptions;
  readonly #members = new Map<number, Member>();
  readonly #gathering = new Gathering();
  #served = false;
  #pauseMs = FIRST_PAUSE_MS;
  /** The code to end with, once nobody is left; undefined: it goes on. */
  #ending: number | undefined;

  constructor(options: PrimaryOptions) {
    this.#options = options;
  }

  /** Starts the workers. Resolves when probes are answered. */
  async start(): Promise<void> {
    const { workers, healthPort: port, host } = this.#options;
    // Structured clones: JSON has no word for what a gauge says before it was set.
    cluster.setupPrimary({ serialization: 'advanced' });
    cluster.on('message', (worker, message) => {
      if (isOurs<FromWorker>(message)) this.#hear(worker, message);
    });
    cluster.on('exit', (worker, code, signal) => this.#ended(worker, code, signal));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#end(0));
    setInterval(() => {
      for (const { stillness } of this.#members.values()) stillness?.look();
    }, LOOK_MS);
    for (let at = 0; at < workers; at += 1) this.#fork();
    if (port !== undefined) await serveProbes({ port, host }, () => this.#known());
  }

  #known(): Known {
    const members = [...this.#members.values()];
    return {
      notReady:
        members.length === 0 ? 'no worker runs' : members.find(({ notReady }) => notReady !== undefined)?.notReady,
      stillSeconds: Math.max(0, ...members.map(({ stillness }) => stillness?.seconds ?? 0)),
      stallSeconds: this.#options.stallSeconds,
    };
  }

  #fork(): void {
    if (this.#ending !== undefined) return;
    const worker = cluster.fork();
    this.#members.set(worker.id, {
      worker,
      since: performance.now(),
      notReady: 'a worker starts',
      beats: 0,
      stillness: undefined,
    });
  }

  #hear(worker: Worker, message: FromWorker): void {
    const member = this.#members.get(worker.id);
    if (!member) return;
    switch (message.keelson) {
      case 'alive':
        this.#served = true;
        member.beats += 1;
        member.stillness ??= new Stillness(() => member.beats, LOOK_MS);
        member.notReady = message.notReady;
        return;
      case 'report':
        this.#gathering.report(worker.id, message.round, message.snapshot);
        return;
      case 'gather':
        void this.#gathering
          .gather([...this.#members.keys()], (id, round) =>
            tell(this.#members.get(id)?.worker, { keelson: 'report', round }),
          )
          .then((text) => tell(worker, { keelson: 'gathered', id: message.id, text }));
    }
  }

  #ended(worker: Worker, code: number | null, signal: string | null): void {
    const member = this.#members.get(worker.id);
    this.#members.delete(worker.id);
    void this.#gathering.left(worker.id);
    // One that was still starting ends by the signal itself.
    const failed = code !== 0 && signal !== 'SIGTERM';
    if (this.#ending === undefined) {
      this.#options.log.warn({ event: 'worker_ended', code: code ?? undefined, signal: signal ?? undefined });
      // Whatever keeps the first ones from serving is there for the next ones, too: that is for whoever started this.
      if (!this.#served) this.#end(code || 1);
      else this.#replace(member);
    } else if (failed) this.#ending ||= code || 1;
    if (this.#ending !== undefined && this.#members.size === 0) process.exit(this.#ending);
  }

  #replace(ended: Member | undefined): void {
    const soon = ended !== undefined && performance.now() - ended.since < SOON_MS;
    this.#pauseMs = soon ? Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    setTimeout(() => this.#fork(), this.#pauseMs);
  }

  /** Every worker drains by itself; this process ends after the last of them. */
  #end(code: number): void {
    if (this.#ending !== undefined) return;
    this.#ending = code;
    for (const { worker } of this.#members.values()) worker.process.kill('SIGTERM');
    if (this.#members.size === 0) process.exit(code);
  }
}

/** One that has just ended hears nothing, and needs nothing. */
function tell(worker: Worker | undefined, message: FromPrimary): void {
  if (worker?.isConnected()) worker.send(message, () => undefined);
}
