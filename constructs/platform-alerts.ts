import { Duration } from 'cdk8s';
import type { AlertGroup } from './alert-rules.ts';

/** What a platform promises about its API. */
export interface ApiTargets {
  /** Job of the API in Prometheus: the workload's name. */
  readonly job: string;
  /** Share of requests that may fail, 0 to 1. */
  readonly errorRatio: number;
  /** The 95th percentile of the answer time, in seconds, may not exceed this. */
  readonly p95Seconds: number;
}

/** Alerts on the API's promise. */
export function apiAlerts({ job, errorRatio, p95Seconds }: ApiTargets): AlertGroup {
  const requests = (more = '') => `sum(rate(http_requests_total{job="${job}"${more}}[5m]))`;
  return {
    name: `${job}-api`,
    rules: [
      {
        name: 'ApiErrorRateHigh',
        expr: `${requests(',status=~"5.."')} / ${requests()} > ${errorRatio}`,
        for: Duration.minutes(5),
        severity: 'critical',
        job,
        summary: `More than ${errorRatio * 100} % of the requests to ${job} fail`,
      },
      {
        name: 'ApiLatencyHigh',
        expr: `histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="${job}"}[5m]))) > ${p95Seconds}`,
        for: Duration.minutes(10),
        severity: 'warning',
        job,
        summary: `One in twenty answers of ${job} takes longer than ${p95Seconds} s`,
      },
    ],
  };
}

/** Alerts on what the API depends on, as the API itself sees it: that it answers, not only that it runs. */
export function dependencyAlerts(job: string, dependencies: readonly string[]): AlertGroup {
  return {
    name: `${job}-dependencies`,
    rules: dependencies.map((dependency) => ({
      name: `${pascalCase(dependency)}Unreachable`,
      expr: `min(dependency_up{job="${job}",dependency="${dependency}"}) == 0`,
      for: Duration.minutes(2),
      severity: 'critical',
      job,
      summary: `${job} gets no answer from ${dependency}`,
    })),
  };
}

/** Alerts on the targets themselves. A job without any target has no `up` series, so that needs a rule of its own. */
export function targetAlerts(jobs: readonly string[]): AlertGroup {
  return {
    name: 'targets',
    rules: [
      {
        name: 'TargetDown',
        expr: 'up == 0',
        for: Duration.minutes(2),
        severity: 'critical',
        summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer',
      },
      ...jobs.map((job) => ({
        name: `${pascalCase(job)}Missing`,
        expr: `absent(up{job="${job}"})`,
        for: Duration.minutes(5),
        severity: 'critical' as const, // the spread would widen it to string
        summary: `${job} has no instance`,
      })),
    ],
  };
}

/** Alerts on the monitoring itself: rules that cannot be evaluated, notifications that do not get out. */
export function monitoringAlerts(): AlertGroup {
  return {
    name: 'monitoring',
    rules: [
      {
        name: 'RuleEvaluationFails',
        expr: 'increase(prometheus_rule_evaluation_failures_total[10m]) > 0',
        for: Duration.minutes(5),
        severity: 'warning',
        summary: 'A rule of Prometheus cannot be evaluated',
      },
      {
        name: 'NotificationsFail',
        expr: 'increase(alertmanager_notifications_failed_total[10m]) > 0',
        for: Duration.minutes(5),
        severity: 'critical',
        summary: 'Alertmanager cannot deliver to {{ $labels.integration }}',
      },
    ],
  };
}

/** `mcp-git` gives `McpGit`. */
function pascalCase(name: string): string {
  return name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}
