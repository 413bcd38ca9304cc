import { type Static, Type } from '@sinclair/typebox';
import type { Window } from '../production/reports.ts';
import type { SloReport } from '../production/slo.ts';

const WINDOW_NAMES: readonly Window[] = ['5m', '1h', '6h', '24h', '7d', '30d'];

/** @param fallback What holds without the parameter. */
export function windowQuery(fallback: Window) {
  return Type.Object(
    {
      window: Type.Optional(
        Type.Union(
          WINDOW_NAMES.map((name) => Type.Literal(name)),
          { description: `How far back. Default: ${fallback}` },
        ),
      ),
    },
    { additionalProperties: false },
  );
}

const Nullable = Type.Union([Type.Number(), Type.Null()]);

export const SloSchema = Type.Object({
  status: Type.Union([Type.Literal('compliant'), Type.Literal('violated'), Type.Literal('no_data')], {
    description: 'no_data: nothing was asked during the window',
  }),
  window: Type.String(),
  requests: Type.Integer(),
  availability: Type.Union([Type.Number(), Type.Null()], { description: 'Share of requests that did not fail' }),
  availability_objective: Type.Number(),
  endpoints: Type.Array(
    Type.Object({
      endpoint: Type.String(),
      requests: Type.Integer(),
      errors: Type.Integer({ description: 'Answers of 500 and above' }),
      error_rate: Type.Number(),
      p50_ms: Nullable,
      p95_ms: Nullable,
      p99_ms: Nullable,
      objective: Type.Object({ p95_ms: Type.Number(), error_rate: Type.Number() }),
      compliant: Type.Boolean(),
      violations: Type.Array(Type.String()),
      error_budget_remaining: Type.Number({ description: 'Share of the errors allowed that is left' }),
    }),
  ),
});

export function sloView(report: SloReport, window: Window): Static<typeof SloSchema> {
  return {
    status: report.status,
    window,
    requests: report.requests,
    availability: report.availability,
    availability_objective: report.availabilityObjective,
    endpoints: report.endpoints.map((one) => ({
      endpoint: one.endpoint,
      requests: one.requests,
      errors: one.errors,
      error_rate: one.errorRate,
      p50_ms: one.p50Ms,
      p95_ms: one.p95Ms,
      p99_ms: one.p99Ms,
      objective: { p95_ms: one.objective.p95Ms, error_rate: one.objective.errorRate },
      compliant: one.compliant,
      violations: [...one.violations],
      error_budget_remaining: one.errorBudgetRemaining,
    })),
  };
}
