import { Pool } from './engine/pool.ts';
import type { Provider, RunRequest, SessionInfo } from './engine/protocol.ts';
import { Scheduler } from './engine/scheduler.ts';
import type { EngineTensor } from './engine/tensor.ts';
import { type Compute, WorkerThread } from './engine/worker-thread.ts';
import { sampleGpus } from './gpu.ts';
import { Metrics } from './metrics.ts';
import { verifyChecksums } from './models/checksums.ts';
import { type Model, sessionSpec } from './models/model.ts';
import { readModel } from './models/read-model.ts';
import { type ModelEntry, Registry } from './models/registry.ts';
import type { ModelFolder, ModelRepository } from './models/repository.ts';
import { ResultCache } from './models/result-cache.ts';
import type { Quantization } from './models/serving.ts';
import type { Weights } from './models/traffic.ts';

/** Something that happened in the background, for the log. */
export type ServiceEvent =
  | { readonly type: 'model'; readonly entry: ModelEntry }
  | { readonly type: 'worker_crashed'; readonly reason: string };

export interface ServiceOptions {
  readonly repository: ModelRepository;
  readonly threads: number;
  readonly maxQueue: number;
  readonly maxBatchTokens: number;
  /** @default 0 - nothing is kept */
  readonly resultCacheBytes?: number;
  /** @default none */
  readonly quantization?: Quantization;
  /** @default false */
  readonly requireChecksums?: boolean;
  /** @default - the newest version answers */
  readonly weights?: Readonly<Record<string, Weights>>;
  /** @default cpu */
  readonly provider?: Provider;
  /** Whether the CPU computes where the provider cannot. @default true */
  readonly providerFallback?: boolean;
  readonly onEvent?: (event: ServiceEvent) => void;
  /** Makes a computing thread. @default - a {@link WorkerThread} */
  readonly createThread?: (hooks: { onCrash: (reason: Error) => void; onRestarted: () => void }) => Compute;
}

/** The parts of the server that live longer than a request. */
export interface Service {
  readonly pool: Pool;
  readonly scheduler: Scheduler;
  readonly cache: ResultCache;
  readonly registry: Registry;
  readonly metrics: Metrics;
}

/** Up to here a core of its own for every batch gives the most texts per second; beyond, sessions cost memory. */
const MOST_WORKERS = 8;

/**
 * How many workers there are and how many threads each may use, for a number of threads in all. On a GPU one worker
 * computes: a session there uses all of it, and every further one would take its memory again.
 */
export function divideThreads(
  threads: number,
  provider: Provider = 'cpu',
): { readonly workers: number; readonly threadsEach: number } {
  if (provider === 'cuda') return { workers: 1, threadsEach: threads };
  const threadsEach = Math.ceil(threads / MOST_WORKERS);
  return { workers: Math.floor(threads / threadsEach), threadsEach };
}

/** A batch of two tokens; for a model with tensors of its own nobody knows what it would compute. */
function warmUp(model: Model): RunRequest | undefined {
  if (model.task === 'tensors') return undefined;
  const { ids, mask, types, integers = 'int32' } = model.interface;
  const tensor = (value: number): EngineTensor =>
    integers === 'int32'
      ? { type: 'int32', data: Int32Array.of(value, value), dims: [1, 2] }
      : { type: 'int64', data: BigInt64Array.of(BigInt(value), BigInt(value)), dims: [1, 2] };
  const feeds = { [ids]: tensor(0), [mask]: tensor(1), ...(types !== undefined && { [types]: tensor(0) }) };
  return { key: model.key, feeds, fetches: model.outputs.map(({ name }) => name) };
}

/** Wires the parts together. Nothing is loaded yet; that is `registry.start()`. */
export function createService(options: ServiceOptions): Service {
  const { provider = 'cpu', providerFallback = true } = options;
  const { workers, threadsEach } = divideThreads(options.threads, provider);
  const emit = options.onEvent ?? (() => {});
  const createThread = options.createThread ?? ((hooks) => new WorkerThread(hooks));
  const hooks = {
    onCrash: (reason: Error): void => {
      metrics.workerRestarts.inc();
      emit({ type: 'worker_crashed', reason: reason.message });
    },
    onRestarted: (): void => scheduler.dispatch(),
  };
  const pool = new Pool(
    Array.from({ length: workers }, () => createThread(hooks)),
    () => scheduler.dispatch(),
  );
  const scheduler = new Scheduler(pool, {
    maxQueue: options.maxQueue,
    maxBatchTokens: options.maxBatchTokens,
    onRefused: (key) => metrics.queueRejections.inc(labels(key)),
    onBatch: (key, rows, tokens, seconds) => {
      metrics.inferenceDuration.observe(labels(key), seconds);
      metrics.batchSize.observe(labels(key), rows);
      metrics.tokens.inc(labels(key), tokens);
    },
  });
  const cache = new ResultCache({
    maxBytes: options.resultCacheBytes ?? 0,
    onLookup: (hits, misses) => {
      metrics.cacheRows.inc({ result: 'hit' }, hits);
      metrics.cacheRows.inc({ result: 'miss' }, misses);
    },
  });
  const registry = new Registry({
    repository: options.repository,
    ...(options.weights && { weights: options.weights }),
    read: async (folder: ModelFolder) => {
      await verifyChecksums(folder.path, options.requireChecksums ?? false);
      return readModel(folder, { quantization: options.quantization ?? 'none', maxBatchRows: 0 });
    },
    open: async (model): Promise<SessionInfo> => {
      const info = await pool.load(sessionSpec(model, threadsEach, provider), () => warmUp(model));
      if (info.fallback === undefined || providerFallback) return info;
      await pool.unload(model.key);
      throw new Error(
        `EXECUTION_PROVIDER is "${provider}", which this server cannot use: ${info.fallback}. Use an image and a node with it, or set EXECUTION_PROVIDER_FALLBACK to true.`,
      );
    },
    close: async ({ key }) => {
      await scheduler.drained(key);
      await pool.unload(key);
      scheduler.forget(key);
      cache.forget(key);
    },
    onChange: (entry) => {
      const version = { model: entry.name, version: entry.version };
      if (entry.state === 'ready') metrics.loaded.set(version, 1);
      else if (entry.state === 'unloaded') metrics.loaded.remove(version);
      else metrics.loaded.set(version, 0);
      emit({ type: 'model', entry });
    },
  });
  const metrics = new Metrics({
    depths: () =>
      registry
        .entries()
        .flatMap((entry) =>
          entry.state === 'ready'
            ? [{ model: entry.name, version: entry.version, depth: scheduler.depth(entry.model.key) }]
            : [],
        ),
    cacheBytes: () => cache.bytes,
    workers: () => pool,
    ...(provider === 'cuda' && { gpus: sampleGpus }),
  });
  return { pool, scheduler, cache, registry, metrics };
}

/** Key of a session: name, version, and which load of it this is. */
function labels(key: string): { model: string; version: string } {
  const [model = '', version = ''] = key.replace(/#\d+$/, '').split('/');
  return { model, version };
}
