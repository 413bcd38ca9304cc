import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { GpuSample } from './gpu.ts';

/** Seconds, from a short text on an idle core to a batch that is too large. */
const DURATIONS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** The metrics of one server; each has a registry of its own, so that two can live in one process. */
export class Metrics {
  readonly registry = new Registry();
  readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'Requests answered',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });
  readonly requestDuration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer',
    labelNames: ['method', 'route'],
    buckets: DURATIONS,
    registers: [this.registry],
  });
  readonly inferenceDuration = new Histogram({
    name: 'model_inference_duration_seconds',
    help: 'Time that a batch spent in a session',
    labelNames: ['model', 'version'],
    buckets: DURATIONS,
    registers: [this.registry],
  });
  readonly batchSize = new Histogram({
    name: 'model_batch_size',
    help: 'Texts computed together',
    labelNames: ['model', 'version'],
    buckets: BATCH_SIZES,
    registers: [this.registry],
  });
  readonly tokens = new Counter({
    name: 'model_tokens_total',
    help: 'Tokens computed, padding included',
    labelNames: ['model', 'version'],
    registers: [this.registry],
  });
  readonly queueRejections = new Counter({
    name: 'model_queue_rejections_total',
    help: 'Requests refused because the queue was full',
    labelNames: ['model', 'version'],
    registers: [this.registry],
  });
  readonly cacheRows = new Counter({
    name: 'model_result_cache_total',
    help: 'Texts looked up in the result cache, by whether they were there',
    labelNames: ['result'],
    registers: [this.registry],
  });
  readonly grpcCalls = new Counter({
    name: 'grpc_requests_total',
    help: 'gRPC calls answered',
    labelNames: ['method', 'status'],
    registers: [this.registry],
  });
  readonly grpcDuration = new Histogram({
    name: 'grpc_request_duration_seconds',
    help: 'From the message of a call to its answer',
    labelNames: ['method'],
    buckets: DURATIONS,
    registers: [this.registry],
  });
  readonly workerRestarts = new Counter({
    name: 'inference_worker_restarts_total',
    help: 'Worker threads that ended unasked and were started again',
    registers: [this.registry],
  });
  readonly loaded = new Gauge({
    name: 'model_loaded',
    help: '1 for a version that serves, 0 for one that could not be loaded',
    labelNames: ['model', 'version'],
    registers: [this.registry],
  });

  constructor({ depths, cacheBytes, workers, gpus }: Observed) {
    const { registry } = this;
    new Gauge({
      name: 'model_queue_depth',
      help: 'Texts that wait for a batch',
      labelNames: ['model', 'version'],
      registers: [registry],
      collect() {
        this.reset();
        for (const { model, version, depth } of depths()) this.set({ model, version }, depth);
      },
    });
    new Gauge({
      name: 'model_result_cache_bytes',
      help: 'Bytes that the result cache holds',
      registers: [registry],
      collect() {
        this.set(cacheBytes());
      },
    });
    new Gauge({
      name: 'inference_workers',
      help: 'Worker threads, by what they do',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const { size, busy, available } = workers();
        this.set({ state: 'busy' }, busy);
        this.set({ state: 'idle' }, Math.max(0, available - busy));
        this.set({ state: 'down' }, size - available);
      },
    });
    if (gpus !== undefined) observeGpus(registry, gpus);
    // Measured rarely: an idle server should stay idle.
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  }
}

/** What is looked at when the metrics are read. */
export interface Observed {
  /** Texts that wait now, by model and version. */
  readonly depths: () => Iterable<{ readonly model: string; readonly version: string; readonly depth: number }>;
  readonly cacheBytes: () => number;
  readonly workers: () => { readonly size: number; readonly busy: number; readonly available: number };
  /** @default - there are no GPUs to look at */
  readonly gpus?: () => Promise<readonly GpuSample[]>;
}

function observeGpus(registry: Registry, gpus: () => Promise<readonly GpuSample[]>): void {
  const gauge = (name: string, help: string): Gauge =>
    new Gauge({ name, help, labelNames: ['gpu'], registers: [registry] });
  const used = gauge('gpu_memory_used_bytes', 'Memory of a GPU that is in use, by anybody');
  const total = gauge('gpu_memory_total_bytes', 'Memory of a GPU');
  new Gauge({
    name: 'gpu_utilization_ratio',
    help: 'Part of the last moments in which a GPU computed, from 0 to 1',
    labelNames: ['gpu'],
    registers: [registry],
    async collect() {
      for (const { gpu, utilization, memoryUsedBytes, memoryTotalBytes } of await gpus()) {
        this.set({ gpu }, utilization);
        used.set({ gpu }, memoryUsedBytes);
        total.set({ gpu }, memoryTotalBytes);
      }
    },
  });
}
