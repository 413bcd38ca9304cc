import { Construct } from 'constructs';
import { type ClusterAddresses, toApiServer } from '../cluster-access.ts';
import { kubeObject, platformLabels } from '../cluster-object.ts';
import { type ComponentProps, common } from '../component.ts';
import type { Connections } from '../connections.ts';
import type { Namespace } from '../namespace.ts';
import { probes } from '../probes.ts';
import { type Connectable, Workload } from '../workload.ts';

/** Properties of {@link KubeStateMetrics}. */
export interface KubeStateMetricsProps extends ComponentProps {
  /** Namespaces that it tells about: it sees no others. */
  readonly namespaces: readonly Namespace[];
  readonly cluster: ClusterAddresses;
  readonly connections: Connections;
}

/** Kinds that it reads, by API group. Secrets are not among them. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  '': ['pods', 'services', 'persistentvolumeclaims', 'resourcequotas'],
  apps: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
  batch: ['jobs', 'cronjobs'],
  autoscaling: ['horizontalpodautoscalers'],
  policy: ['poddisruptionbudgets'],
};

/** State of the platform's objects as metrics: replicas, restarts, limits, jobs. It may read the platform's namespaces alone. */
export class KubeStateMetrics extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: KubeStateMetricsProps) {
    super(scope, id);
    const name = props.name ?? 'kube-state-metrics';
    const names = props.namespaces.map((namespace) => namespace.name);
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'monitoring',
      // Two would count everything twice.
      kind: 'StatefulSet',
      image: props.images.get('kube-state-metrics'),
      args: [
        '--port=8080',
        '--telemetry-port=8081',
        `--namespaces=${names.join(',')}`,
        `--resources=${Object.values(kinds).flat().sort().join(',')}`,
      ],
      ports: { http: { number: 8080, metrics: '/metrics' } },
      apiAccess: true,
      probes: probes({ ready: { http: '/readyz', port: 8081 }, live: { http: '/livez', port: 8080 } }),
    });
    toApiServer(props.connections, this, props.cluster);
    for (const namespace of props.namespaces) this.#bind(namespace, name);
    if (names.length === 0) {
      this.workload.report({ path: 'namespaces', value: [], cure: 'name at least one namespace to tell about' });
    }
  }

  #bind(namespace: Namespace, name: string): void {
    const labels = { app: name, ...platformLabels(namespace.platform) };
    const account = this.workload;
    const role = kubeObject(this, `role-${namespace.name}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      name,
      namespace: namespace.name,
      labels,
      fields: {
        rules: Object.entries(kinds).map(([group, resources]) => ({
          apiGroups: [group],
          resources,
          verbs: ['list', 'watch'],
        })),
      },
    });
    role.addDependency(...namespace.foundations);
    const binding = kubeObject(this, `binding-${namespace.name}`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      name,
      namespace: namespace.name,
      labels,
      fields: {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
        subjects: [{ kind: 'ServiceAccount', name: account.name, namespace: account.namespace.name }],
      },
    });
    binding.addDependency(role);
    account.controller.addDependency(binding);
  }
}
