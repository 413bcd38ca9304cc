import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { describeError } from '../errors/describe.ts';
import type { Logger } from '../logging.ts';
import { guarded } from '../stores/postgres/pool.ts';
import { BOUNDS_MS } from './histogram.ts';
import { type Sample, Samples } from './samples.ts';

export interface SamplerOptions {
  readonly pool: pg.Pool;
  readonly log: Logger;
  /** @default 15000 */
  readonly intervalMs?: number;
}

/** Samples that could not be stored are kept for the next time, up to this many intervals. */
const MOST_KEPT = 240;

interface Interval {
  readonly at: Date;
  readonly seconds: number;
  readonly samples: readonly Sample[];
}

/** Stores how this replica's routes do in `production.slo_samples`, interval by interval. */
export class Sampler {
  readonly samples = new Samples();
  readonly #options: SamplerOptions;
  readonly #replica = randomUUID();
  readonly #waiting: Interval[] = [];
  #began = new Date();
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), this.#options.intervalMs ?? 15_000);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  /** What is not in the database yet. */
  pending(): Sample[] {
    return [...this.#waiting.flatMap(({ samples }) => samples), ...this.samples.peek()];
  }

  /** Stores what was collected. Never rejects: what cannot be stored is tried again. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const now = new Date();
    const samples = this.samples.take();
    if (samples.length > 0) {
      const seconds = Math.max((now.getTime() - this.#began.getTime()) / 1000, 0.001);
      this.#waiting.push({ at: now, seconds, samples });
    }
    this.#began = now;
    while (this.#waiting.length > MOST_KEPT) this.#waiting.shift();
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
        await this.#store(next);
        this.#waiting.shift();
      }
    } catch (error) {
      this.#options.log.warn({
        event: 'slo_samples_waiting',
        count: this.#waiting.length,
        error: describeError(error),
      });
    }
  }

  async #store({ at, seconds, samples }: Interval): Promise<void> {
    await guarded(() =>
      this.#options.pool.query(
        `INSERT INTO production.slo_samples
           (at, replica, route, interval_seconds, requests, errors, bounds_ms, counts, sum_ms, max_ms)
         SELECT $1, $2, route, $3, requests, errors, $4, counts, "sumMs", "maxMs"
         FROM jsonb_to_recordset($5) AS new (route text, requests int, errors int, counts int[], "sumMs" float8, "maxMs" float8)
         ON CONFLICT DO NOTHING`,
        [at, this.#replica, seconds, BOUNDS_MS, JSON.stringify(samples)],
      ),
    );
  }
}
