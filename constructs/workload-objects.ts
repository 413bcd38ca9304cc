import { ApiObject, Lazy } from 'cdk8s';
import { Service } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { kubeProtocol } from './containers.ts';
import { type Flow, policySpec } from './network-policy.ts';
import type { Port } from './ports.ts';

/** Name, namespace and labels of the objects of a workload. */
export interface WorkloadMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Record<string, string>;
}

/** Which pods a service leads to, and on which ports. */
export interface ServiceFacts {
  readonly metadata: WorkloadMetadata;
  readonly ports: Readonly<Record<string, Port>>;
  /** Labels of the pods. */
  readonly selector: Readonly<Record<string, string>>;
  /** Whether each pod has a name of its own, in place of one address for all. */
  readonly headless: boolean;
}

/** A service before the pods. */
export function makeService(
  scope: Construct,
  id: string,
  { metadata, ports, selector, headless }: ServiceFacts,
): Service {
  const service = new Service(scope, id, {
    metadata,
    ...(headless && { clusterIP: 'None', publishNotReadyAddresses: true }),
    ports: Object.entries(ports).flatMap(([name, port]) =>
      Object.entries({ [name]: port.number, ...(!headless && port.aliases) }).map(([alias, number]) => ({
        name: alias,
        port: number,
        targetPort: port.number,
        protocol: kubeProtocol(port),
      })),
    ),
  });
  for (const [label, value] of Object.entries(selector)) service.selectLabel(label, value);
  return service;
}

/**
 * The policy of the pods.
 *
 * @param flows - asked at synth, when all connections are declared
 */
export function makeNetworkPolicy(
  scope: Construct,
  metadata: WorkloadMetadata,
  podLabels: Readonly<Record<string, string>>,
  flows: () => readonly Flow[],
): ApiObject {
  return new ApiObject(scope, 'policy', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    // ApiObjectProps is open for the fields of any kind, which its type cannot name.
    ...{ spec: Lazy.any({ produce: () => policySpec(podLabels, metadata.namespace, flows()) }) },
  });
}

/** One pod at a time may be drained. A single replica gets no budget: one that protects it would block every drain. */
export function makeDisruptionBudget(
  scope: Construct,
  metadata: WorkloadMetadata,
  podLabels: Readonly<Record<string, string>>,
): void {
  new ApiObject(scope, 'budget', {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata,
    ...{
      spec: {
        maxUnavailable: 1,
        selector: { matchLabels: podLabels },
        // Pods that are broken anyway must not block a drain.
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    },
  });
}
