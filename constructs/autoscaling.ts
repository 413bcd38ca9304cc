import { ApiObject, Duration, Lazy } from 'cdk8s';
import { Construct } from 'constructs';
import { kedaScaling } from './autoscaling-keda.ts';
import type { Connections } from './connections.ts';
import type { Problem } from './problem.ts';
import type { Connectable } from './workload.ts';

/** What a number of pods follows. */
export type ScalingMetric =
  /** Use of the requested CPU, averaged over the pods, in percent. */
  | { readonly kind: 'cpu'; readonly percent: number }
  /** Use of the requested memory, averaged over the pods, in percent. */
  | { readonly kind: 'memory'; readonly percent: number }
  /** A metric of each pod in the custom metrics API, for example requests per second. */
  | { readonly kind: 'pods'; readonly metric: string; readonly average: number }
  /** A metric of the external metrics API, shared among the pods. */
  | {
      readonly kind: 'external';
      readonly metric: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly average: number;
    }
  /** The result of a query, shared among the pods. KEDA only. */
  | {
      readonly kind: 'prometheus';
      readonly server: Connectable<'http'>;
      readonly query: string;
      /** One pod for each so many. */
      readonly threshold: number;
      /** Above this, the first pod is started. @default 0 */
      readonly activation?: number;
    }
  /** Entries that wait in a Redis list. KEDA only. */
  | {
      readonly kind: 'redis-list';
      readonly server: Connectable<'redis'>;
      readonly list: string;
      /** One pod for each so many. */
      readonly length: number;
      /** Above this, the first pod is started. @default 0 */
      readonly activation?: number;
    }
  /** At least so many pods in a part of each day or week. KEDA only. */
  | {
      readonly kind: 'cron';
      /** Name in the IANA database, for example `Europe/Berlin`. */
      readonly timezone: string;
      /** In the notation of cron. */
      readonly start: string;
      readonly end: string;
      readonly replicas: number;
    };

/** How fast a number of pods changes in one direction. */
export interface ScalingPace {
  /** Looks back so long, and takes the most cautious of what was wanted meanwhile. */
  readonly stabilisation: Duration;
  /** Pods that may come or go within a period. @default - as Kubernetes has it */
  readonly pods?: number;
  /** Share of the pods that may come or go within a period, in percent. @default - as Kubernetes has it */
  readonly percent?: number;
  /** @default Duration.minutes(1) */
  readonly period?: Duration;
}

/** Who does the scaling. */
export type Autoscaler =
  | { readonly kind: 'hpa' }
  /** The KEDA operator, where the cluster has it: scales from zero, and on what it measures itself. */
  | {
      readonly kind: 'keda';
      readonly connections: Connections;
      /** Namespace of the operator, which has to reach what it measures. @default 'keda' */
      readonly namespace?: string;
      /** How often it measures. @default Duration.seconds(30) */
      readonly interval?: Duration;
      /** How long nothing has to be active before the last pods go. @default Duration.minutes(5) */
      readonly cooldown?: Duration;
      /** Pods while the measurement fails. @default - the number stays */
      readonly fallback?: number;
    };

/** Properties of {@link Autoscaling}. */
export interface AutoscalingProps {
  readonly target: Connectable;
  /** 0 only with KEDA and a metric that tells of work without a pod. */
  readonly min: number;
  readonly max: number;
  /** The one that asks for most pods decides. */
  readonly metrics: readonly ScalingMetric[];
  /** @default - at once */
  readonly up?: ScalingPace;
  /** @default - after 5 minutes */
  readonly down?: ScalingPace;
  /** @default - the HorizontalPodAutoscaler of Kubernetes */
  readonly by?: Autoscaler;
  /** Name of the HorizontalPodAutoscaler, also of the one that KEDA makes. @default - the target's name and `-hpa` */
  readonly name?: string;
}

/** Scales a workload with its load. The workload's own number of replicas no longer counts. */
export class Autoscaling extends Construct {
  /** Name of the HorizontalPodAutoscaler. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: AutoscalingProps) {
    super(scope, id);
    const { workload } = props.target;
    this.name = props.name ?? `${workload.name}-hpa`;
    for (const found of checkScaling(props)) workload.report(found);
    workload.scaleBetween(props.min, props.max);
    const metadata = {
      name: this.name,
      namespace: workload.namespace.name,
      labels: {
        app: workload.name,
        'app.kubernetes.io/part-of': workload.namespace.platform,
        'app.kubernetes.io/managed-by': 'keelson',
      },
    };
    if (props.by?.kind === 'keda') {
      kedaScaling(this, { ...props, by: props.by }, metadata, behaviourOf(props));
      return;
    }
    const scaler = new ApiObject(this, 'hpa', {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{
        spec: {
          // A rollout that is made later may stand between the autoscaler and the pods.
          scaleTargetRef: Lazy.any({ produce: () => workload.scaleTarget }),
          minReplicas: props.min,
          maxReplicas: props.max,
          metrics: props.metrics.flatMap(hpaMetric),
          behavior: behaviourOf(props),
        },
      },
    });
    scaler.addDependency(workload.controller);
  }
}

function hpaMetric(metric: ScalingMetric): readonly object[] {
  switch (metric.kind) {
    case 'cpu':
    case 'memory':
      return [
        {
          type: 'Resource',
          resource: { name: metric.kind, target: { type: 'Utilization', averageUtilization: metric.percent } },
        },
      ];
    case 'pods':
      return [
        {
          type: 'Pods',
          pods: {
            metric: { name: metric.metric },
            target: { type: 'AverageValue', averageValue: quantity(metric.average) },
          },
        },
      ];
    case 'external': {
      const selector = metric.labels && { selector: { matchLabels: { ...metric.labels } } };
      const target = { type: 'AverageValue', averageValue: quantity(metric.average) };
      return [{ type: 'External', external: { metric: { name: metric.metric, ...selector }, target } }];
    }
    default:
      return []; // reported as a problem
  }
}

/** A fraction as Kubernetes writes it: in thousandths. */
function quantity(value: number): string {
  return Number.isInteger(value) ? String(value) : `${Math.round(value * 1000)}m`;
}

function behaviourOf({ up, down }: AutoscalingProps): object {
  return {
    scaleUp: pace(up ?? { stabilisation: Duration.seconds(0) }, up === undefined),
    scaleDown: pace(down ?? { stabilisation: Duration.minutes(5) }, down === undefined),
  };
}

function pace({ stabilisation, pods, percent, period = Duration.minutes(1) }: ScalingPace, isDefault: boolean): object {
  const periodSeconds = period.toSeconds();
  const policies = [
    ...(pods === undefined ? [] : [{ type: 'Pods', value: pods, periodSeconds }]),
    ...(percent === undefined ? [] : [{ type: 'Percent', value: percent, periodSeconds }]),
  ];
  return {
    stabilizationWindowSeconds: stabilisation.toSeconds(),
    ...(policies.length > 0 && !isDefault && { policies, selectPolicy: 'Max' }),
  };
}

/** What the properties get wrong. */
export function checkScaling(props: AutoscalingProps): Problem[] {
  const { min, max, metrics, by } = props;
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) =>
    problems.push({ path: `autoscaling.${path}`, value, cure });
  if (!Number.isInteger(min) || min < 0) add('min', min, 'use a whole number, 0 or more');
  if (!Number.isInteger(max) || max < Math.max(min, 1)) {
    add('max', max, `use a whole number, ${Math.max(min, 1)} or more`);
  }
  if (metrics.length === 0) add('metrics', [], 'name at least one metric that the number of pods follows');
  if (min === 0 && by?.kind !== 'keda')
    add('min', 0, 'only KEDA scales from zero: set by to { kind: "keda", … }, or use 1');
  const measured = metrics.filter(({ kind }) => kind !== 'cpu' && kind !== 'memory');
  if (min === 0 && by?.kind === 'keda' && measured.length === 0) {
    add(
      'metrics',
      metrics.map(({ kind }) => kind),
      'without a pod there is no CPU or memory to measure: add a queue or a query',
    );
  }
  for (const metric of metrics) {
    const path = `metrics.${metric.kind}`;
    if ('percent' in metric && (metric.percent < 1 || metric.percent > 100)) {
      add(path, metric.percent, 'use 1 to 100 percent of the request');
    }
    const kedaOnly = metric.kind === 'prometheus' || metric.kind === 'redis-list' || metric.kind === 'cron';
    if (kedaOnly && by?.kind !== 'keda')
      add(path, metric.kind, 'only KEDA measures this: set by to { kind: "keda", … }');
    if (metric.kind === 'pods' && by?.kind === 'keda') {
      add(path, metric.metric, 'KEDA reads no custom metrics: use a query of Prometheus');
    }
    if (metric.kind === 'external' && by?.kind === 'keda') {
      add(path, metric.metric, 'KEDA serves the external metrics itself: use a query of Prometheus');
    }
  }
  for (const [side, chosen] of Object.entries({ up: props.up, down: props.down })) {
    const seconds = chosen?.stabilisation.toSeconds() ?? 0;
    if (seconds > 3600) add(`${side}.stabilisation`, seconds, 'use at most 3600 seconds');
  }
  return problems;
}
