import type { Duration } from 'cdk8s';

/** How soon somebody has to look: at once, today, or when there is time. */
export type Severity = 'critical' | 'warning' | 'info';

/** One alert. */
export interface AlertRule {
  /** In PascalCase, unique within the platform. */
  readonly name: string;
  /** PromQL that yields a series per thing that is wrong. */
  readonly expr: string;
  /** How long it has to hold. */
  readonly for: Duration;
  readonly severity: Severity;
  /** The job that it is about, where the expression drops that label: Alertmanager groups and silences by it. @default - the series' own */
  readonly job?: string;
  /** One sentence for the notification; may hold `{{ $labels.… }}`. */
  readonly summary: string;
  /** How soon somebody has to look. @default - not said */
  readonly respondWithin?: Duration;
}

/** Alerts that belong together and are evaluated in one go. */
export interface AlertGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}

/** A group as Prometheus reads it. */
export function renderGroup({ name, rules }: AlertGroup): object {
  return {
    name,
    rules: rules.map((rule) => ({
      alert: rule.name,
      expr: rule.expr,
      for: `${rule.for.toSeconds()}s`,
      labels: { severity: rule.severity, ...(rule.job && { job: rule.job }) },
      annotations: {
        summary: rule.summary,
        ...(rule.respondWithin && { respond_within: `${rule.respondWithin.toMinutes()} minutes` }),
      },
    })),
  };
}
