import type { ModelInterface } from '../../services/inference/src/engine/batch.ts';
import { Pool } from '../../services/inference/src/engine/pool.ts';
import type { RunRequest, RunResult, SessionInfo } from '../../services/inference/src/engine/protocol.ts';
import type { RowInput } from '../../services/inference/src/engine/row.ts';
import { Scheduler } from '../../services/inference/src/engine/scheduler.ts';
import type { Compute } from '../../services/inference/src/engine/worker-thread.ts';

/** Who sends texts, and what computes them. */
export interface Setting {
  /** Clients that send their next request when they have the answer to the last. */
  readonly clients: number;
  /** Texts of a request. */
  readonly batch: number;
  /** Batches that can be computed at a time. */
  readonly threads: number;
  readonly maxBatchTokens: number;
}

/** What starting a batch costs, in tokens: it only decides in which order batches end. */
const START_COST = 24;

/** A batch that a thread computes. */
interface Running {
  readonly end: number;
  readonly finish: () => void;
}

/** Time that goes on when nothing else is left to do. */
class Clock {
  readonly #running = new Set<Running>();
  #now = 0;

  /** Resolves when that much time has gone by. */
  after(time: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.add({ end: this.#now + time, finish: resolve });
    return promise;
  }

  async run(): Promise<void> {
    for (await settled(); this.#running.size > 0; await settled()) {
      const [first] = [...this.#running].sort((a, b) => a.end - b.end);
      if (first === undefined) return;
      this.#running.delete(first);
      this.#now = first.end;
      first.finish();
    }
  }
}

/** In the place of a thread: notes what it gets, and takes its time for it. */
class NotingThread implements Compute {
  readonly available = true;
  readonly #clock: Clock;
  readonly #formed: RunRequest[];
  #last: Promise<void> = Promise.resolve();

  constructor(clock: Clock, formed: RunRequest[]) {
    this.#clock = clock;
    this.#formed = formed;
  }

  async run(request: RunRequest): Promise<RunResult> {
    this.#formed.push(request);
    const tokens = Object.values(request.feeds)[0]?.data.length ?? 0;
    this.#last = this.#last.then(() => this.#clock.after(tokens + START_COST));
    await this.#last;
    return { outputs: {}, seconds: 1 };
  }

  async load(): Promise<SessionInfo> {
    return { inputs: [], outputs: [], provider: 'cpu' };
  }

  async unload(): Promise<void> {}

  async close(): Promise<void> {}
}

/**
 * The batches that the server forms of these texts. Its own scheduler and pool are asked, for clients that need no time.
 */
export async function formBatches(
  model: ModelInterface,
  rows: readonly RowInput[],
  { clients, batch, threads, maxBatchTokens }: Setting,
): Promise<RunRequest[]> {
  const formed: RunRequest[] = [];
  const clock = new Clock();
  const pool = new Pool(Array.from({ length: threads }, () => new NotingThread(clock, formed)));
  const scheduler = new Scheduler(pool, { maxQueue: clients * batch, maxBatchTokens });
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < rows.length) {
      const some = rows.slice(next, next + batch);
      next += batch;
      await scheduler.submit({ key: 'model', model, rows: some, outputs: [] });
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  await clock.run();
  await all;
  return formed;
}

/** Everything that was only waiting for its turn has had it. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
