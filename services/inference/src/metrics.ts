import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

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

  /** @param depths texts that wait now, by model and version; asked for when the metrics are read */
  constructor(depths: () => Iterable<{ readonly model: string; readonly version: string; readonly depth: number }>) {
    new Gauge({
      name: 'model_queue_depth',
      help: 'Texts that wait for a batch',
      labelNames: ['model', 'version'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { model, version, depth } of depths()) this.set({ model, version }, depth);
      },
    });
    // Measured rarely: an idle server should stay idle.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 100 });
  }
}
