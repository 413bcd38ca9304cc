import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { recommendedLabels } from './labels.ts';
import { Namespace } from './namespace.ts';
import { type Port, wireProtocol } from './ports.ts';
import type { Connectable } from './workload.ts';

/** Properties of {@link ServiceAlias}. */
export interface ServiceAliasProps {
  /** Name of the service. */
  readonly name: string;
  /** What it leads to. */
  readonly target: Connectable;
}

/**
 * One more service for a workload, under a name that clients or procedures already use. In the workload's own namespace it has
 * the workload's ports; in another one it is an alias in the cluster's DNS.
 *
 * It opens nothing: who may connect is up to the declared connections.
 */
export class ServiceAlias extends Construct {
  constructor(scope: Construct, id: string, props: ServiceAliasProps) {
    super(scope, id);
    const namespace = Namespace.of(this);
    const target = props.target.workload;
    const here = target.namespace.name === namespace.name;
    const labels = recommendedLabels({
      name: target.name,
      component: 'alias',
      partOf: namespace.platform,
      version: 'none',
    });
    const service = new ApiObject(this, 'service', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: props.name, namespace: namespace.name, labels },
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{
        spec: here
          ? { type: 'ClusterIP', selector: target.podLabels, ports: portsOf(target.ports) }
          : { type: 'ExternalName', externalName: `${target.name}.${target.namespace.name}.svc.cluster.local` },
      },
    });
    service.addDependency(...namespace.foundations);
    if (props.name === target.name && here) {
      target.report({ path: 'alias', value: props.name, cure: 'the workload has that name already: use another one' });
    }
  }
}

function portsOf(ports: Readonly<Record<string, Port>>): readonly object[] {
  return Object.entries(ports).flatMap(([name, port]) =>
    Object.entries({ [name]: port.number, ...port.aliases }).map(([alias, number]) => ({
      name: alias,
      port: number,
      targetPort: port.number,
      protocol: wireProtocol(port),
    })),
  );
}
