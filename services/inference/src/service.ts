import { Pool } from './engine/pool.ts';
import type { InputTensor } from './engine/protocol.ts';
import { Scheduler } from './engine/scheduler.ts';
import { type Compute, WorkerThread } from './engine/worker-thread.ts';
import { Metrics } from './metrics.ts';
import { type Model, modelKey, sessionSpec } from './models/model.ts';
import { ENCODER_OUTPUTS, readModel } from './models/read-model.ts';
import { type ModelEntry, Registry } from './models/registry.ts';

/** Something that happened in the background, for the log. */
export type ServiceEvent =
  | { readonly type: 'model'; readonly entry: ModelEntry }
  | { readonly type: 'worker_crashed'; readonly reason: string };

export interface ServiceOptions {
  readonly threads: number;
  readonly maxQueue: number;
  readonly maxBatchTokens: number;
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Makes a computing thread. @default - a {@link WorkerThread} */
  readonly createThread?: (hooks: { onCrash: (reason: Error) => void; onRestarted: () => void }) => Compute;
}

/** The parts of the server that live longer than a request. */
export interface Service {
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  readonly registry: Registry;
  readonly metrics: Metrics;
}

/** Up to here a core of its own for every batch gives the most texts per second; beyond, sessions cost memory. */
const MOST_WORKERS = 8;

/** How many workers there are and how many threads each may use, for a number of threads in all. */
export function divideThreads(threads: number): { readonly workers: number; readonly threadsEach: number } {
  const threadsEach = Math.ceil(threads / MOST_WORKERS);
  return { workers: Math.floor(threads / threadsEach), threadsEach };
}

/**
 * One small batch in every thread: the first one reads the weights from disk and allocates, which the first request
 * should not wait for, and it shows that the model computes at all.
 */
async function warmUp(pool: Pool, model: Model): Promise<void> {
  const { ids, mask, types } = model.interface;
  const tensor = (value: number): InputTensor => ({ data: Int32Array.of(value, value), dims: [1, 2] });
  const batches = Array.from({ length: pool.idle }, () =>
    pool.run({
      key: modelKey(model),
      feeds: { [ids]: tensor(0), [mask]: tensor(1), [types]: tensor(0) },
      fetches: [...ENCODER_OUTPUTS],
    }),
  );
  await Promise.all(batches);
}

/** Wires the parts together. Nothing is loaded yet; that is `registry.loadAll()`. */
export function createService(options: ServiceOptions): Service {
  const { workers, threadsEach } = divideThreads(options.threads);
  const emit = options.onEvent ?? (() => {});
  const createThread = options.createThread ?? ((hooks) => new WorkerThread(hooks));
  const hooks = {
    onCrash: (reason: Error): void => {
      metrics.workerRestarts.inc();
      emit({ type: 'worker_crashed', reason: reason.message });
    },
    onRestarted: (): void => scheduler.dispatch(),
  };
  const pool = new Pool(Array.from({ length: workers }, () => createThread(hooks)));
  const scheduler = new Scheduler(pool, {
    maxQueue: options.maxQueue,
    maxBatchTokens: options.maxBatchTokens,
    onRefused: () => metrics.queueRejections.inc(),
    onBatch: (key, rows, tokens, seconds) => {
      const [model = '', version = ''] = key.split('/');
      metrics.inferenceDuration.observe({ model, version }, seconds);
      metrics.batchSize.observe({ model, version }, rows);
      metrics.tokens.inc({ model, version }, tokens);
    },
  });
  const registry = new Registry({
    read: readModel,
    open: async (model) => {
      await pool.load(sessionSpec(model, threadsEach));
      await warmUp(pool, model);
      // Rows of other models may have come while the threads were warming up.
      scheduler.dispatch();
    },
    onChange: (entry) => {
      metrics.loaded.set({ model: entry.name, version: entry.version }, entry.state === 'ready' ? 1 : 0);
      emit({ type: 'model', entry });
    },
  });
  const metrics = new Metrics(() =>
    registry.entries().map((entry) => ({
      model: entry.name,
      version: entry.version,
      depth: scheduler.depth(modelKey(entry)),
    })),
  );
  return { pool, scheduler, registry, metrics };
}
