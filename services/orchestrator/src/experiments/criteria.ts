import type { Criteria, RunMetrics } from './types.ts';

/** One criterion, and what was measured. */
export interface Check {
  readonly criterion: keyof Criteria;
  readonly metric: string;
  readonly value: number | null;
  readonly limit: number;
  readonly passed: boolean;
}

/** Compares a run with the criteria. What was not measured does not pass. */
export function checkCriteria(criteria: Criteria, metrics: RunMetrics | undefined): Check[] {
  const perSample = metrics && metrics.samples > 0 ? metrics.cost_usd / metrics.samples : null;
  const least = (criterion: keyof Criteria, metric: string, value: number | null): Check => {
    const limit = criteria[criterion];
    return { criterion, metric, value, limit, passed: value !== null && value >= limit };
  };
  const most = (criterion: keyof Criteria, metric: string, value: number | null): Check => {
    const limit = criteria[criterion];
    return { criterion, metric, value, limit, passed: value !== null && value <= limit };
  };
  return [
    least('min_accuracy', 'accuracy', metrics?.accuracy ?? null),
    most('max_error_rate', 'error_rate', metrics?.error_rate ?? null),
    most('max_p95_latency_ms', 'p95_latency_ms', metrics?.p95_latency_ms ?? null),
    most('max_cost_usd_per_sample', 'cost_usd_per_sample', perSample),
  ];
}

/** A failed check in the words of an error. */
export function explain(check: Check): { readonly path: string; readonly problem: string; readonly cure: string } {
  const path = `metrics.${check.metric}`;
  const force = 'or promote it all the same with `?force=true`.';
  if (check.value === null) {
    const how =
      check.criterion === 'min_accuracy'
        ? 'Run the experiment with `expected`, or with a secondary_model that can judge,'
        : 'Run the experiment first,';
    return { path, problem: 'was not measured', cure: `${how} ${force}` };
  }
  const side = check.criterion === 'min_accuracy' ? 'below' : 'above';
  return {
    path,
    problem: `is ${check.value}, ${side} ${check.limit}`,
    cure: `Change the prompt or the model and run it again, ${force}`,
  };
}
