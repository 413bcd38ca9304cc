import type { Construct } from 'constructs';
import { Autoscaling, type Connectable, Duration } from '../../constructs/index.ts';
import type { ScalingSpec } from '../platforms/platform.ts';

/** Lets the number of a component's pods follow its load. */
export function scale(scope: Construct, target: Connectable, spec: ScalingSpec): void {
  new Autoscaling(scope, `${target.workload.name}-scaling`, {
    target,
    min: spec.min,
    max: spec.max,
    metrics: [
      { kind: 'cpu', percent: spec.cpuPercent },
      ...(spec.memoryPercent === undefined ? [] : [{ kind: 'memory', percent: spec.memoryPercent } as const]),
    ],
    up: { stabilisation: Duration.seconds(spec.upAfter ?? 0) },
    down: { stabilisation: Duration.seconds(spec.downAfter ?? 300) },
    ...(spec.name !== undefined && { name: spec.name }),
  });
}
