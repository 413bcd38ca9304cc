import { Construct } from 'constructs';
import { kubeObject, platformLabels } from './cluster-object.ts';
import { Namespace } from './namespace.ts';

/** What somebody may do in a namespace. Each includes the one before. */
export type AccessLevel =
  /** Sees everything but secrets. */
  | 'viewer'
  /** Runs the procedures: scales, restarts, rolls back, looks into pods, starts jobs. */
  | 'operator'
  /** Deploys: changes every kind of object that a platform consists of, secrets included. */
  | 'deployer';

/** Properties of {@link AccessRoles}. */
export interface AccessRolesProps {
  /** Groups of the cluster's identity provider, by what they may do. @default - nobody: the roles can be bound by hand */
  readonly groups?: Readonly<Partial<Record<AccessLevel, readonly string[]>>>;
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const read = ['get', 'list', 'watch'];
const write = ['create', 'update', 'patch', 'delete'];

/** Kinds that a platform consists of, by API group. Names, never a wildcard: what is added later is not granted with it. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  '': ['services', 'configmaps', 'persistentvolumeclaims', 'serviceaccounts', 'resourcequotas', 'limitranges'],
  apps: ['deployments', 'statefulsets', 'daemonsets'],
  batch: ['jobs', 'cronjobs'],
  autoscaling: ['horizontalpodautoscalers'],
  policy: ['poddisruptionbudgets'],
  'networking.k8s.io': ['networkpolicies', 'ingresses'],
  'gateway.networking.k8s.io': ['gateways', 'httproutes', 'grpcroutes'],
  'gateway.envoyproxy.io': ['backendtrafficpolicies', 'clienttrafficpolicies'],
  'traefik.io': ['middlewares', 'traefikservices'],
  'cert-manager.io': ['certificates', 'issuers'],
  'keda.sh': ['scaledobjects', 'triggerauthentications'],
  'argoproj.io': ['rollouts', 'analysistemplates'],
  'external-secrets.io': ['externalsecrets', 'secretstores'],
  'postgresql.cnpg.io': ['clusters', 'poolers', 'scheduledbackups', 'backups', 'databases'],
  'milvus.io': ['milvuses'],
  'leaderworkerset.x-k8s.io': ['leaderworkersets'],
};

/** What only shows. */
const observed: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods', 'pods/log', 'events', 'endpoints', 'replicationcontrollers'], verbs: read },
  { apiGroups: ['apps'], resources: ['replicasets', 'controllerrevisions'], verbs: read },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: read },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: read },
  { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['get', 'list'] },
  { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles', 'rolebindings'], verbs: read },
  { apiGroups: ['argoproj.io'], resources: ['analysisruns', 'experiments'], verbs: read },
];

/** What the procedures need beyond seeing. */
const operated: readonly Rule[] = [
  { apiGroups: [''], resources: ['pods'], verbs: ['delete'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
  // `kubectl exec` and `port-forward`: since Kubernetes 1.35 they need `create`, before they needed `get` too.
  { apiGroups: [''], resources: ['pods/exec', 'pods/portforward'], verbs: ['get', 'create'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'], verbs: ['patch', 'update'] },
  { apiGroups: ['apps'], resources: ['deployments/scale', 'statefulsets/scale'], verbs: ['get', 'patch', 'update'] },
  { apiGroups: ['autoscaling'], resources: ['horizontalpodautoscalers'], verbs: ['patch', 'update'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['create', 'delete'] },
  { apiGroups: ['batch'], resources: ['cronjobs'], verbs: ['patch'] },
  { apiGroups: [''], resources: ['services'], verbs: ['patch'] },
  { apiGroups: ['argoproj.io'], resources: ['rollouts', 'rollouts/status'], verbs: ['patch'] },
  { apiGroups: ['keda.sh'], resources: ['scaledobjects'], verbs: ['patch'] },
  { apiGroups: ['postgresql.cnpg.io'], resources: ['backups'], verbs: ['create'] },
];

const levels: readonly AccessLevel[] = ['viewer', 'operator', 'deployer'];

/**
 * Three roles of the namespace, and who has them. None may read a secret but the deployer, none may grant a right, and none
 * has a wildcard.
 */
export class AccessRoles extends Construct {
  constructor(scope: Construct, id: string, props: AccessRolesProps = {}) {
    super(scope, id);
    const namespace = Namespace.of(this);
    const labels = platformLabels(namespace.platform);
    for (const level of levels) {
      const role = kubeObject(this, level, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'Role',
        name: level,
        namespace: namespace.name,
        labels,
        fields: { rules: rulesOf(level) },
      });
      role.addDependency(...namespace.foundations);
      const groups = props.groups?.[level] ?? [];
      if (groups.length === 0) continue;
      const binding = kubeObject(this, `${level}-binding`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        name: level,
        namespace: namespace.name,
        labels,
        fields: {
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: level },
          subjects: groups.map((name) => ({ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name })),
        },
      });
      binding.addDependency(role);
    }
  }
}

/** The rules of a level, those of the levels below it included. */
export function rulesOf(level: AccessLevel): readonly Rule[] {
  const everything = (verbs: readonly string[]): readonly Rule[] =>
    Object.entries(kinds).map(([group, resources]) => ({ apiGroups: [group], resources, verbs }));
  const seen = [...everything(read), ...observed];
  switch (level) {
    case 'viewer':
      return seen;
    case 'operator':
      return [...seen, ...operated];
    case 'deployer':
      return [
        ...seen,
        ...operated,
        ...everything(write),
        // By name: nobody has to see them all.
        { apiGroups: [''], resources: ['secrets'], verbs: ['get', ...write] },
      ];
  }
}
