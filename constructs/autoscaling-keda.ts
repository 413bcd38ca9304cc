import { ApiObject, Lazy } from 'cdk8s';
import type { Construct } from 'constructs';
import type { Autoscaler, AutoscalingProps, ScalingMetric } from './autoscaling.ts';
import type { Port } from './ports.ts';
import type { Connectable } from './workload.ts';

type KedaProps = Omit<AutoscalingProps, 'by'> & { readonly by: Extract<Autoscaler, { kind: 'keda' }> };
interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
}

/** Makes the ScaledObject, and what KEDA needs to measure: credentials, and the way to the servers. */
export function kedaScaling(scope: Construct, props: KedaProps, metadata: Metadata, behavior: object): void {
  const { workload } = props.target;
  const { by } = props;
  const scaled = new ApiObject(scope, 'scaled', {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { ...metadata, name: workload.name },
    // ApiObjectProps is open for the fields of any kind, which its type cannot name.
    ...{
      spec: {
        scaleTargetRef: Lazy.any({ produce: () => workload.scaleTarget }),
        minReplicaCount: props.min,
        maxReplicaCount: props.max,
        pollingInterval: by.interval?.toSeconds() ?? 30,
        cooldownPeriod: by.cooldown?.toSeconds() ?? 300,
        ...(by.fallback !== undefined && { fallback: { failureThreshold: 3, replicas: by.fallback } }),
        advanced: { horizontalPodAutoscalerConfig: { name: metadata.name, behavior } },
        triggers: props.metrics.flatMap((metric, index) => trigger(scope, metric, props, metadata, index)),
      },
    },
  });
  scaled.addDependency(workload.controller);
  for (const child of scope.node.children) {
    if (child instanceof ApiObject && child.kind === 'TriggerAuthentication') scaled.addDependency(child);
  }
}

function trigger(
  scope: Construct,
  metric: ScalingMetric,
  props: KedaProps,
  metadata: Metadata,
  index: number,
): readonly object[] {
  switch (metric.kind) {
    case 'cpu':
    case 'memory':
      return [{ type: metric.kind, metricType: 'Utilization', metadata: { value: String(metric.percent) } }];
    case 'prometheus':
      admit(props, metric.server, 'http');
      return [
        {
          type: 'prometheus',
          metadata: {
            serverAddress: `http://${addressOf(metric.server, 'http')}`,
            query: metric.query,
            threshold: String(metric.threshold),
            activationThreshold: String(metric.activation ?? 0),
          },
        },
      ];
    case 'redis-list': {
      admit(props, metric.server, 'redis');
      const authentication = redisAuthentication(scope, metric.server, metadata, index);
      return [
        {
          type: 'redis',
          metadata: {
            address: addressOf(metric.server, 'redis'),
            listName: metric.list,
            listLength: String(metric.length),
            activationListLength: String(metric.activation ?? 0),
          },
          ...(authentication && { authenticationRef: { name: authentication } }),
        },
      ];
    }
    case 'cron': {
      const { timezone, start, end, replicas } = metric;
      return [{ type: 'cron', metadata: { timezone, start, end, desiredReplicas: String(replicas) } }];
    }
    case 'pods':
    case 'external':
      return []; // reported as a problem
  }
}

function admit<P extends string>({ by }: KedaProps, server: Connectable<P>, port: NoInfer<P>): void {
  by.connections.fromOutside({ namespace: by.namespace ?? 'keda' }, server, port);
}

/** KEDA asks from its own namespace, so the name is a full one. */
function addressOf({ workload }: Connectable, port: string): string {
  const ports: Readonly<Record<string, Port>> = workload.ports;
  return `${workload.name}.${workload.namespace.name}.svc:${ports[port]?.number}`;
}

/** Name of a TriggerAuthentication that reads the server's password; undefined where it has none. */
function redisAuthentication(
  scope: Construct,
  server: Connectable<'redis'>,
  metadata: Metadata,
  index: number,
): string | undefined {
  const { credentials } = server.workload.ports.redis;
  const key = credentials?.forClients.PASSWORD;
  if (credentials === undefined || key === undefined) return undefined;
  const here = server.workload.namespace.name === metadata.namespace;
  const own = here ? credentials : credentials.copyTo(scope, `${server.workload.name}-credentials`);
  const name = `${metadata.name}-${server.workload.name}-${index}`;
  new ApiObject(scope, `authentication-${index}`, {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { ...metadata, name },
    ...{ spec: { secretTargetRef: [{ parameter: 'password', name: own.name, key }] } }, // open, see above
  });
  return name;
}
