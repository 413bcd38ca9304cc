import {
  at,
  groupOf,
  isObject,
  type JsonObject,
  type Manifest,
  objectsAt,
  podLabelsOf,
  podSpecOf,
  textAt,
} from './manifest.ts';

/** Another object that a manifest names. It may or may not be one that the program makes. */
export interface Reference {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly kind: string;
  /** Absent for kinds that stand outside of namespaces. */
  readonly namespace?: string;
  readonly name: string;
}

/** What identifies an object in a cluster, whatever the version of its API. */
export function identity(reference: Reference): string {
  return [reference.group, reference.kind, reference.namespace ?? '', reference.name].join('/');
}

/** The objects that have to exist before this one, as far as its own fields tell. */
export function referencesOf(manifest: Manifest): readonly Reference[] {
  const namespace = textAt(manifest, 'metadata', 'namespace');
  const found: Reference[] = [];
  const core = (kind: string, name: string | undefined) => {
    if (name !== undefined) found.push({ group: '', kind, name, ...(namespace === undefined ? {} : { namespace }) });
  };
  if (namespace !== undefined) found.push({ group: '', kind: 'Namespace', name: namespace });

  const pod = podSpecOf(manifest);
  if (pod !== undefined) {
    core('ServiceAccount', textAt(pod, 'serviceAccountName'));
    for (const secret of objectsAt(pod, 'imagePullSecrets')) core('Secret', textAt(secret, 'name'));
    for (const volume of objectsAt(pod, 'volumes')) addVolume(volume, core);
    for (const container of containersOf(pod)) addEnvironment(container, core);
    const priority = textAt(pod, 'priorityClassName');
    if (priority !== undefined) found.push({ group: 'scheduling.k8s.io', kind: 'PriorityClass', name: priority });
  }
  found.push(...referencesByKind(manifest, namespace));
  return found;
}

/** Objects that an operator makes of this one: whoever refers to them has to wait for it. */
export function madeBy(manifest: Manifest): readonly Reference[] {
  const namespace = textAt(manifest, 'metadata', 'namespace');
  const secret = secretNameOf(manifest);
  return secret === undefined || namespace === undefined
    ? []
    : [{ group: '', kind: 'Secret', namespace, name: secret }];
}

function secretNameOf(manifest: Manifest): string | undefined {
  switch (`${groupOf(manifest.apiVersion)}/${manifest.kind}`) {
    case 'external-secrets.io/ExternalSecret':
      return textAt(manifest, 'spec', 'target', 'name') ?? textAt(manifest, 'metadata', 'name');
    case 'cert-manager.io/Certificate':
      return textAt(manifest, 'spec', 'secretName');
    default:
      return undefined;
  }
}

/** Containers and init containers of a pod specification. */
export function containersOf(pod: JsonObject): readonly JsonObject[] {
  return [...objectsAt(pod, 'initContainers'), ...objectsAt(pod, 'containers')];
}

/** Whether a policy applies to the pods that an object makes: such pods should not start before it exists. */
export function policySelects(policy: Manifest, workload: Manifest): boolean {
  const labels = podLabelsOf(workload);
  if (policy.kind !== 'NetworkPolicy' || labels === undefined) return false;
  if (textAt(policy, 'metadata', 'namespace') !== textAt(workload, 'metadata', 'namespace')) return false;
  const selector = at(policy, 'spec', 'podSelector');
  // Expressions are rare in the policies that the constructs emit; to wait for one too many costs nothing.
  const wanted = at(selector, 'matchLabels');
  return !isObject(wanted) || Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

type AddCore = (kind: string, name: string | undefined) => void;

function addVolume(volume: JsonObject, core: AddCore): void {
  core('ConfigMap', textAt(volume, 'configMap', 'name'));
  core('Secret', textAt(volume, 'secret', 'secretName'));
  core('PersistentVolumeClaim', textAt(volume, 'persistentVolumeClaim', 'claimName'));
  for (const source of objectsAt(volume, 'projected', 'sources')) {
    core('ConfigMap', textAt(source, 'configMap', 'name'));
    core('Secret', textAt(source, 'secret', 'name'));
  }
}

function addEnvironment(container: JsonObject, core: AddCore): void {
  for (const variable of objectsAt(container, 'env')) {
    core('ConfigMap', textAt(variable, 'valueFrom', 'configMapKeyRef', 'name'));
    core('Secret', textAt(variable, 'valueFrom', 'secretKeyRef', 'name'));
  }
  for (const source of objectsAt(container, 'envFrom')) {
    core('ConfigMap', textAt(source, 'configMapRef', 'name'));
    core('Secret', textAt(source, 'secretRef', 'name'));
  }
}

function referencesByKind(manifest: Manifest, namespace: string | undefined): readonly Reference[] {
  const here = namespace === undefined ? {} : { namespace };
  switch (manifest.kind) {
    case 'HorizontalPodAutoscaler':
    case 'ScaledObject': {
      const target = at(manifest, 'spec', 'scaleTargetRef');
      const name = textAt(target, 'name');
      // KEDA leaves version and kind out for a Deployment.
      const group = groupOf(textAt(target, 'apiVersion') ?? 'apps/v1');
      return name === undefined ? [] : [{ group, kind: textAt(target, 'kind') ?? 'Deployment', name, ...here }];
    }
    case 'RoleBinding':
    case 'ClusterRoleBinding': {
      const group = 'rbac.authorization.k8s.io';
      const kind = textAt(manifest, 'roleRef', 'kind') ?? 'Role';
      const name = textAt(manifest, 'roleRef', 'name');
      const role = name === undefined ? [] : [{ group, kind, name, ...(kind === 'Role' ? here : {}) }];
      const accounts = objectsAt(manifest, 'subjects').flatMap((subject) => {
        const account = textAt(subject, 'name');
        if (textAt(subject, 'kind') !== 'ServiceAccount' || account === undefined) return [];
        const home = textAt(subject, 'namespace') ?? namespace;
        return [
          { group: '', kind: 'ServiceAccount', name: account, ...(home === undefined ? {} : { namespace: home }) },
        ];
      });
      return [...role, ...accounts];
    }
    case 'PersistentVolumeClaim': {
      const name = textAt(manifest, 'spec', 'storageClassName');
      return name === undefined ? [] : [{ group: 'storage.k8s.io', kind: 'StorageClass', name }];
    }
    case 'StatefulSet':
      return objectsAt(manifest, 'spec', 'volumeClaimTemplates').flatMap((template) => {
        const name = textAt(template, 'spec', 'storageClassName');
        return name === undefined ? [] : [{ group: 'storage.k8s.io', kind: 'StorageClass', name }];
      });
    default:
      return [];
  }
}
