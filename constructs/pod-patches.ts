import { type Duration, JsonPatch } from 'cdk8s';
import { diskOf } from './containers.ts';
import type { Volumes } from './volumes.ts';
import type { Resources, Toleration, WorkloadProps } from './workload-props.ts';

/** Facts about the workload that its pods' patches need. */
interface PatchFacts {
  /** Labels that the pods of this controller have in common. */
  readonly selector: Readonly<Record<string, string>>;
  readonly volumes: Volumes;
  /** Pause before SIGTERM; undefined for none. */
  readonly drain: Duration | undefined;
}

const pod = '/spec/template/spec';

/** What cdk8s-plus-28 has no property for, though its types know the fields. */
export function typedPatches(props: WorkloadProps, { selector, volumes }: PatchFacts): JsonPatch[] {
  const patches = [
    JsonPatch.add('/spec/revisionHistoryLimit', 5),
    // Service links would add variables such as REDIS_PORT, which programs take for settings of their own.
    JsonPatch.add(`${pod}/enableServiceLinks`, false),
    JsonPatch.add(`${pod}/securityContext/seccompProfile`, { type: 'RuntimeDefault' }),
  ];
  if (props.kind !== 'DaemonSet') {
    patches.push(JsonPatch.add(`${pod}/topologySpreadConstraints`, spread(selector)));
    patches.push(JsonPatch.add(`${pod}/affinity`, apart(selector)));
  }
  const { nodeSelector, tolerations = [], runtimeClass } = props.placement ?? {};
  if (nodeSelector) patches.push(JsonPatch.add(`${pod}/nodeSelector`, { ...nodeSelector }));
  if (tolerations.length > 0) patches.push(JsonPatch.add(`${pod}/tolerations`, tolerations.map(renderToleration)));
  if (runtimeClass) patches.push(JsonPatch.add(`${pod}/runtimeClassName`, runtimeClass));
  if (props.priorityClass) patches.push(JsonPatch.add(`${pod}/priorityClassName`, props.priorityClass));
  if (volumes.claimTemplates.length > 0) {
    const first = volumes.all.length - volumes.claimTemplates.length;
    for (const _ of volumes.claimTemplates) patches.push(JsonPatch.remove(`${pod}/volumes/${first}`));
  }
  return patches;
}

/** Fields that came after Kubernetes 1.28, and quantities, which the types expect as objects of their own. */
export function renderedPatches(props: WorkloadProps, { volumes, drain }: PatchFacts): JsonPatch[] {
  const patches: JsonPatch[] = [];
  // A pause by the kubelet: the image needs no shell for it.
  if (drain) {
    patches.push(
      JsonPatch.add(`${pod}/containers/0/lifecycle`, { preStop: { sleep: { seconds: drain.toSeconds() } } }),
    );
  }
  if (volumes.claimTemplates.length > 0) {
    patches.push(JsonPatch.add('/spec/volumeClaimTemplates', volumes.claimTemplates));
  }
  // The types know projected volumes, and lose their sources.
  if (props.apiAccess) {
    patches.push(JsonPatch.add(`${pod}/volumes/-`, tokenVolume));
    patches.push(JsonPatch.add(`${pod}/containers/0/volumeMounts/-`, tokenMount));
  }
  const add = (container: string, name: string, amount: string | number) => {
    const key = name.replaceAll('~', '~0').replaceAll('/', '~1');
    for (const side of ['requests', 'limits']) {
      patches.push(JsonPatch.add(`${pod}/${container}/resources/${side}/${key}`, amount));
    }
  };
  const disk = (resources: Resources, workload?: WorkloadProps) => `${diskOf(resources, workload).toMebibytes()}Mi`;
  for (const [index, { resources }] of [props, ...(props.sidecars ?? [])].entries()) {
    add(`containers/${index}`, 'ephemeral-storage', index === 0 ? disk(resources, props) : disk(resources));
    for (const [device, count] of Object.entries(resources.devices ?? {})) add(`containers/${index}`, device, count);
  }
  for (const [index, { resources }] of (props.init ?? []).entries()) {
    add(`initContainers/${index}`, 'ephemeral-storage', disk(resources));
  }
  return patches;
}

/** Over nodes and zones, as evenly as they allow. */
function spread(selector: Readonly<Record<string, string>>): object[] {
  return ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: { ...selector } },
  }));
}

/** Beside no other pod of the same controller, where another node has room. */
function apart(selector: Readonly<Record<string, string>>): object {
  const term = { labelSelector: { matchLabels: { ...selector } }, topologyKey: 'kubernetes.io/hostname' };
  return {
    podAntiAffinity: {
      preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: term }],
    },
  };
}

function renderToleration({ key, value, effect = 'NoSchedule' }: Toleration): object {
  return { key, effect, ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }) };
}

// Mounted by hand rather than automatically: it is renewed within the hour, and only the main container has it.
const tokenVolume = {
  name: 'api-token',
  projected: {
    defaultMode: 0o440,
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};
const tokenMount = { name: 'api-token', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true };
