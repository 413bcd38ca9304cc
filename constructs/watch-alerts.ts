import type { Duration } from 'cdk8s';
import type { AlertGroup, AlertRule, Severity } from './alert-rules.ts';
import type { Connectable } from './workload.ts';

/** What is watched, with the bound beyond which somebody is told. Shares are from 0 to 1. */
export type Condition =
  /** No instance answers. */
  | { readonly kind: 'unavailable' }
  /** Share of requests that fail by the server's fault. */
  | { readonly kind: 'errors'; readonly above: number }
  /** A quantile of the answer time, of one route or of all. */
  | {
      readonly kind: 'latency';
      readonly aboveSeconds: number;
      /** @default 0.95 */
      readonly quantile?: number;
      /** @default - all */
      readonly route?: string;
    }
  /** Use of the memory limit by an instance. */
  | { readonly kind: 'memory'; readonly above: number }
  /** Use of the CPU limit, or of the request where there is none, by an instance. */
  | { readonly kind: 'cpu'; readonly above: number }
  /** Share of look-ups that the cache could not answer. */
  | { readonly kind: 'cache-misses'; readonly above: number }
  /** Requests refused for want of a valid token or right, per second: somebody tries. */
  | { readonly kind: 'refusals'; readonly abovePerSecond: number }
  /** A quantile of the time that a model computes. */
  | { readonly kind: 'inference'; readonly aboveSeconds: number; readonly quantile?: number }
  /** A quantile of the time that a comparison takes. */
  | { readonly kind: 'similarity'; readonly aboveSeconds: number; readonly quantile?: number }
  /** Requests that wait for a model. */
  | { readonly kind: 'queue'; readonly above: number }
  /** Texts in which a bias beyond the bound was found, per hour. */
  | { readonly kind: 'bias'; readonly abovePerHour: number }
  /** Mean of the quality of what was generated. */
  | { readonly kind: 'quality'; readonly below: number }
  /** Mean of what people said about it. */
  | { readonly kind: 'rating'; readonly below: number }
  /** What language models cost, in US dollars per hour. */
  | { readonly kind: 'cost'; readonly aboveUsdPerHour: number }
  /** A provider that is left out because it fails. */
  | { readonly kind: 'provider' }
  /** Use of its own memory by a Redis, as its exporter tells. */
  | { readonly kind: 'redis-memory'; readonly above: number }
  /** Use of the allowed connections of a PostgreSQL, as its exporter tells. */
  | { readonly kind: 'connections'; readonly above: number }
  /** Use of a disk of a node. */
  | { readonly kind: 'disk'; readonly above: number }
  /** Mean use of a GPU. */
  | { readonly kind: 'gpu'; readonly above: number }
  /** A GPU that reports an error of its own. */
  | { readonly kind: 'gpu-errors' };

/** A condition of one workload, and what follows. */
export interface Watch {
  readonly target: Connectable;
  readonly condition: Condition;
  /** How long it has to hold. */
  readonly for: Duration;
  readonly severity: Severity;
  /** How soon somebody has to look, for the notification. @default - not said */
  readonly respondWithin?: Duration;
}

/**
 * Alerts on what a platform's guide watches, one group for each workload. Names say what, how much and how bad, so that the same
 * condition may be watched at several bounds.
 */
export function watchAlerts(watches: readonly Watch[]): readonly AlertGroup[] {
  const byTarget = Map.groupBy(watches, ({ target }) => target.workload);
  return [...byTarget].map(([workload, own]) => ({ name: `${workload.name}-guide`, rules: own.map(ruleOf) }));
}

interface Rule {
  readonly title: string;
  readonly expr: string;
  readonly summary: string;
}

function ruleOf(watch: Watch): AlertRule {
  const { name } = watch.target.workload;
  const { title, expr, summary } = describe(watch);
  return {
    name: `${pascalCase(name)}${title}${watch.severity.charAt(0).toUpperCase()}${watch.severity.slice(1)}`,
    expr,
    for: watch.for,
    severity: watch.severity,
    job: name,
    summary,
    ...(watch.respondWithin && { respondWithin: watch.respondWithin }),
  };
}

function describe({ target, condition }: Watch): Rule {
  const { workload } = target;
  const job = workload.name;
  const own = `job="${job}"`;
  const requests = (more = '') => `sum(rate(http_requests_total{${own}${more}}[5m]))`;
  const quantile = (metric: string, q: number, bound: number, more = '') =>
    `histogram_quantile(${q}, sum by (le) (rate(${metric}_bucket{${own}${more}}[5m]))) > ${bound}`;
  switch (condition.kind) {
    case 'unavailable':
      return {
        title: 'Unavailable',
        expr: `(sum(up{${own}}) or vector(0)) == 0`,
        summary: `No instance of ${job} answers`,
      };
    case 'errors':
      return {
        title: 'Errors',
        expr: `${requests(',status=~"5.."')} / ${requests()} > ${condition.above}`,
        summary: `More than ${percent(condition.above)} of the requests to ${job} fail`,
      };
    case 'latency': {
      const { aboveSeconds, quantile: q = 0.95, route } = condition;
      return {
        title: route === undefined ? 'Latency' : `Latency${pascalCase(route)}`,
        expr: quantile(
          'http_request_duration_seconds',
          q,
          aboveSeconds,
          route === undefined ? '' : `,route="${route}"`,
        ),
        summary: `${percent(1 - q)} of the answers of ${job}${route ? ` on ${route}` : ''} take longer than ${aboveSeconds} s`,
      };
    }
    case 'memory':
      return {
        title: 'Memory',
        expr: `max by (instance) (process_resident_memory_bytes{${own}}) / ${Math.round(workload.usage.memory * 1024 * 1024)} > ${condition.above}`,
        summary: `${job} at {{ $labels.instance }} uses more than ${percent(condition.above)} of its memory`,
      };
    case 'cpu':
      return {
        title: 'Cpu',
        expr: `max by (instance) (rate(process_cpu_seconds_total{${own}}[5m])) / ${workload.usage.cpu / 1000} > ${condition.above}`,
        summary: `${job} at {{ $labels.instance }} uses more than ${percent(condition.above)} of its CPU`,
      };
    case 'cache-misses': {
      const rate = (more: string) => `sum(rate(cache_requests_total{${own}${more}}[5m]))`;
      return {
        title: 'CacheMisses',
        expr: `${rate(',result="miss"')} / ${rate('')} > ${condition.above}`,
        summary: `The cache of ${job} has no answer to more than ${percent(condition.above)} of the look-ups`,
      };
    }
    case 'refusals':
      return {
        title: 'Refusals',
        expr: `${requests(',status=~"401|403"')} > ${condition.abovePerSecond}`,
        summary: `${job} refuses more than ${condition.abovePerSecond} requests per second for want of a right: somebody tries`,
      };
    case 'inference':
      return {
        title: 'Inference',
        expr: quantile('model_inference_duration_seconds', condition.quantile ?? 0.95, condition.aboveSeconds),
        summary: `A model of ${job} computes longer than ${condition.aboveSeconds} s`,
      };
    case 'similarity':
      return {
        title: 'Similarity',
        expr: quantile('similarity_duration_seconds', condition.quantile ?? 0.95, condition.aboveSeconds),
        summary: `A comparison in ${job} takes longer than ${condition.aboveSeconds} s`,
      };
    case 'queue':
      return {
        title: 'Queue',
        expr: `max by (model) (model_queue_depth{${own}}) > ${condition.above}`,
        summary: `More than ${condition.above} requests wait for {{ $labels.model }} in ${job}`,
      };
    case 'bias':
      return {
        title: 'Bias',
        expr: `sum(increase(bias_threshold_exceeded_total{${own}}[1h])) > ${condition.abovePerHour}`,
        summary: `${job} found a bias beyond the bound in more than ${condition.abovePerHour} texts within an hour`,
      };
    case 'quality':
      return {
        title: 'Quality',
        expr: `avg(counterfactual_quality_score{${own}}) < ${condition.below}`,
        summary: `What ${job} generates is worth less than ${condition.below} on average`,
      };
    case 'rating':
      return {
        title: 'Rating',
        expr: `avg(user_rating_score{${own}}) < ${condition.below}`,
        summary: `People rate ${job} below ${condition.below} on average`,
      };
    case 'cost':
      return {
        title: 'Cost',
        expr: `sum(increase(llm_cost_usd_total{${own}}[1h])) > ${condition.aboveUsdPerHour}`,
        summary: `Language models cost ${job} more than ${condition.aboveUsdPerHour} US dollars within an hour`,
      };
    case 'provider':
      return {
        title: 'Provider',
        // 0 is closed, 1 half open, 2 open.
        expr: `max by (provider) (provider_breaker_state{${own}}) == 2`,
        summary: `${job} leaves {{ $labels.provider }} out because it fails`,
      };
    case 'redis-memory':
      return {
        title: 'RedisMemory',
        expr: `max(redis_memory_used_bytes{${own}} / (redis_memory_max_bytes{${own}} > 0)) > ${condition.above}`,
        summary: `The Redis behind ${job} holds more than ${percent(condition.above)} of what it may`,
      };
    case 'connections':
      return {
        title: 'Connections',
        expr: `sum(pg_stat_activity_count{${own}}) / max(pg_settings_max_connections{${own}}) > ${condition.above}`,
        summary: `More than ${percent(condition.above)} of the connections of the PostgreSQL behind ${job} are taken`,
      };
    case 'disk':
      return {
        title: 'Disk',
        expr: `max by (instance, mountpoint) (1 - node_filesystem_avail_bytes{${own},fstype!~"tmpfs|overlay"} / node_filesystem_size_bytes{${own},fstype!~"tmpfs|overlay"}) > ${condition.above}`,
        summary: `{{ $labels.mountpoint }} of the node at {{ $labels.instance }} is more than ${percent(condition.above)} full`,
      };
    case 'gpu':
      return {
        title: 'Gpu',
        expr: `avg by (gpu, Hostname) (DCGM_FI_DEV_GPU_UTIL{${own}}) / 100 > ${condition.above}`,
        summary: `GPU {{ $labels.gpu }} of {{ $labels.Hostname }} is more than ${percent(condition.above)} busy`,
      };
    case 'gpu-errors':
      return {
        title: 'GpuErrors',
        expr: `max by (gpu, Hostname) (DCGM_FI_DEV_XID_ERRORS{${own}}) > 0`,
        summary: `GPU {{ $labels.gpu }} of {{ $labels.Hostname }} reports an error (XID {{ $value }})`,
      };
  }
}

/** Without the noise of binary fractions: 0.05 gives `5 %`. */
function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

/** `mcp-git` and `/v1/rerank` give `McpGit` and `V1Rerank`. */
function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
