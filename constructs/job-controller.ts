import { isObject, type JsonObject } from './bridge/manifest.ts';
import type { Conversion } from './converted-controller.ts';
import type { JobRun } from './workload-props.ts';

/** A Job, or a CronJob where it has a schedule. */
export function jobController(run: JobRun): Conversion {
  const { schedule } = run;
  if (schedule === undefined)
    return { apiVersion: 'batch/v1', kind: 'Job', spec: (deployment) => jobSpec(deployment, run) };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    spec: (deployment) => ({
      schedule: schedule.cron,
      timeZone: schedule.timezone ?? 'Etc/UTC',
      // Two runs at the same time would take turns with each other's data.
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      ...(schedule.suspended && { suspend: true }),
      jobTemplate: { metadata: { labels: podLabels(deployment) }, spec: jobSpec(deployment, run) },
    }),
  };
}

function jobSpec(deployment: JsonObject, { attempts = 3, timeout, keep }: JobRun): JsonObject {
  const spec = isObject(deployment.spec) ? deployment.spec : {};
  const template = isObject(spec.template) ? spec.template : {};
  const pod = isObject(template.spec) ? template.spec : {};
  const { topologySpreadConstraints: _t, affinity: _a, ...rest } = pod;
  return {
    backoffLimit: attempts - 1,
    activeDeadlineSeconds: timeout.toSeconds(),
    ...(keep && { ttlSecondsAfterFinished: keep.toSeconds() }),
    template: { ...template, spec: { ...rest, restartPolicy: 'Never' } },
  };
}

function podLabels(deployment: JsonObject): JsonObject {
  const spec = isObject(deployment.spec) ? deployment.spec : {};
  const metadata = isObject(spec.template) && isObject(spec.template.metadata) ? spec.template.metadata : {};
  return isObject(metadata.labels) ? metadata.labels : {};
}
