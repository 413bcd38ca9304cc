import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** What a process counts, as prom-client gives it away. */
export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What a worker tells the primary. */
export type FromWorker =
  /** It serves. Several times a second; without it, it hangs. */
  | { readonly keelson: 'alive'; readonly notReady: string | undefined }
  /** Somebody asked it for the metrics. */
  | { readonly keelson: 'gather'; readonly id: number }
  | { readonly keelson: 'report'; readonly round: number; readonly snapshot: Snapshot };

/** What the primary tells a worker. */
export type FromPrimary =
  | { readonly keelson: 'report'; readonly round: number }
  /** The metrics of all workers, in Prometheus' text format. */
  | { readonly keelson: 'gathered'; readonly id: number; readonly text: string };

/** Others use the channel as well: node:cluster itself. */
export function isOurs<T extends FromWorker | FromPrimary>(message: unknown): message is T {
  return typeof message === 'object' && message !== null && 'keelson' in message;
}
