import { percentile } from './histogram.ts';
import { AVAILABILITY, DEFAULT_OBJECTIVE, type Objective } from './objectives.ts';
import type { RouteTotals } from './store.ts';

/** How one endpoint keeps its promise. */
export interface EndpointSlo {
  readonly endpoint: string;
  readonly requests: number;
  readonly errors: number;
  readonly errorRate: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly objective: Objective;
  readonly compliant: boolean;
  /** What is not kept, in words. */
  readonly violations: readonly string[];
  /** Share of the errors allowed that are left, 0..1. */
  readonly errorBudgetRemaining: number;
}

export interface SloReport {
  /** `no_data`: nothing was asked during the window. */
  readonly status: 'compliant' | 'violated' | 'no_data';
  readonly requests: number;
  readonly availability: number | null;
  readonly availabilityObjective: number;
  readonly endpoints: readonly EndpointSlo[];
}

/** Compares what was measured with what was promised. */
export function report(totals: readonly RouteTotals[], objectives: Readonly<Record<string, Objective>>): SloReport {
  const endpoints = totals.filter(({ requests }) => requests > 0).map((total) => endpointSlo(total, objectives));
  const requests = endpoints.reduce((sum, endpoint) => sum + endpoint.requests, 0);
  const errors = endpoints.reduce((sum, endpoint) => sum + endpoint.errors, 0);
  const availability = requests === 0 ? null : round(1 - errors / requests);
  const kept = endpoints.every(({ compliant }) => compliant) && (availability ?? 1) >= AVAILABILITY;
  return {
    status: requests === 0 ? 'no_data' : kept ? 'compliant' : 'violated',
    requests,
    availability,
    availabilityObjective: AVAILABILITY,
    endpoints,
  };
}

function endpointSlo(total: RouteTotals, objectives: Readonly<Record<string, Objective>>): EndpointSlo {
  const { route, requests, errors, buckets, maxMs } = total;
  const objective = (Object.hasOwn(objectives, route) ? objectives[route] : undefined) ?? DEFAULT_OBJECTIVE;
  const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) => percentile(buckets, share, maxMs));
  const errorRate = round(errors / requests);
  const violations = [
    ...((p95Ms ?? 0) > objective.p95Ms ? [`p95 is ${p95Ms} ms, above ${objective.p95Ms} ms`] : []),
    ...(errorRate > objective.errorRate ? [`error rate is ${errorRate}, above ${objective.errorRate}`] : []),
  ];
  return {
    endpoint: route,
    requests,
    errors,
    errorRate,
    p50Ms: p50Ms ?? null,
    p95Ms: p95Ms ?? null,
    p99Ms: p99Ms ?? null,
    objective,
    compliant: violations.length === 0,
    violations,
    errorBudgetRemaining: round(Math.max(0, 1 - errors / (requests * objective.errorRate))),
  };
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
