import type { ModelInterface } from '../../services/inference/src/engine/batch.ts';
import type { RunRequest, RunResult } from '../../services/inference/src/engine/protocol.ts';
import type { RowInput } from '../../services/inference/src/engine/row.ts';
import { type Runner, Scheduler } from '../../services/inference/src/engine/scheduler.ts';

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

interface Running {
  readonly end: number;
  readonly finish: () => void;
}

/**
 * The batches that the server forms of these texts. Its own scheduler is asked, for clients that need no time, over a clock
 * that goes on when nothing else is left to do.
 */
export async function formBatches(
  model: ModelInterface,
  rows: readonly RowInput[],
  { clients, batch, threads, maxBatchTokens }: Setting,
): Promise<RunRequest[]> {
  const formed: RunRequest[] = [];
  const running = new Set<Running>();
  let now = 0;
  const runner: Runner = {
    get idle() {
      return threads - running.size;
    },
    run(request) {
      formed.push(request);
      const tokens = Object.values(request.feeds)[0]?.data.length ?? 0;
      const { promise, resolve } = Promise.withResolvers<RunResult>();
      const one: Running = {
        end: now + tokens + START_COST,
        finish: () => {
          running.delete(one);
          resolve({ outputs: {}, seconds: 1 });
        },
      };
      running.add(one);
      return promise;
    },
  };
  const scheduler = new Scheduler(runner, { maxQueue: clients * batch, maxBatchTokens });
  let next = 0;
  const client = async (): Promise<void> => {
    while (next < rows.length) {
      const some = rows.slice(next, next + batch);
      next += batch;
      await scheduler.submit({ key: 'model', model, rows: some, outputs: [] });
    }
  };
  const all = Promise.all(Array.from({ length: clients }, client));
  for (await settled(); running.size > 0; await settled()) {
    const [first] = [...running].sort((a, b) => a.end - b.end);
    now = first?.end ?? now;
    first?.finish();
  }
  await all;
  return formed;
}

/** Everything that was only waiting for its turn has had it. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
