import { isObject, type JsonObject, objectsAt } from './bridge/manifest.ts';
import type { Conversion } from './converted-controller.ts';
import type { Group } from './workload-props.ts';

/** Label of the operator that only leaders have with this value: clients talk to them alone. */
export const leaderLabel = { 'leaderworkerset.sigs.k8s.io/worker-index': '0' } as const;

/** Groups of pods of the LeaderWorkerSet operator (lws.sigs.k8s.io, leaderworkerset.x-k8s.io/v1, 2026-11). */
export function leaderWorkerSet({ size, workerArgs = [] }: Group): Conversion {
  return {
    apiVersion: 'leaderworkerset.x-k8s.io/v1',
    kind: 'LeaderWorkerSet',
    spec: ({ spec }) => {
      const { replicas, template } = isObject(spec) ? spec : {};
      const pods = isObject(template) ? template : {};
      const pod = isObject(pods.spec) ? pods.spec : {};
      const containers = objectsAt(pod, 'containers').map((container, index) =>
        index === 0 ? worker(container, workerArgs) : container,
      );
      return {
        ...(replicas !== undefined && { replicas }),
        startupPolicy: 'LeaderCreated',
        rolloutStrategy: { type: 'RollingUpdate', rollingUpdateConfiguration: { maxSurge: 1, maxUnavailable: 0 } },
        leaderWorkerTemplate: {
          size,
          // A group that lost one of its parts has lost the model.
          restartPolicy: 'RecreateGroupOnPodRestart',
          leaderTemplate: pods,
          workerTemplate: { ...pods, spec: { ...pod, containers } },
        },
      };
    },
  };
}

/** Workers serve nobody but their leader: they have no port to ask, and end with it. */
function worker(container: JsonObject, more: readonly string[]): JsonObject {
  const { readinessProbe: _r, livenessProbe: _l, startupProbe: _s, lifecycle: _c, ...rest } = container;
  return { ...rest, args: [...(Array.isArray(rest.args) ? rest.args : []), ...more] };
}
