import { at, isObject, type Json, type JsonObject, objectsAt } from '../../constructs/bridge/manifest.ts';
import type { Problem } from '../../constructs/problem.ts';
import { type Container, containersOf, type Pod, podOf } from '../pods.ts';
import type { ObjectRule } from '../rule.ts';

// The clauses of https://kubernetes.io/docs/concepts/security/pod-security-standards/ (restricted, with the baseline that
// it contains), read 2026-11-21.
const volumeKinds: ReadonlySet<string> = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);
const safeSysctls: ReadonlySet<Json | undefined> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);
const seLinuxTypes: ReadonlySet<Json | undefined> = new Set([
  undefined,
  '',
  'container_t',
  'container_init_t',
  'container_kvm_t',
  'container_engine_t',
]);
const profiles: ReadonlySet<Json | undefined> = new Set(['RuntimeDefault', 'Localhost']);

/** Every pod meets the restricted Pod Security Standard, and its root file system is read-only. */
export const restrictedPods: ObjectRule = {
  name: 'restricted-pods',
  description: 'Pods meet the restricted Pod Security Standard and cannot write to their image.',
  level: 'mandatory',
  check: (manifest) => {
    const pod = podOf(manifest);
    if (pod === undefined) return [];
    const containers = containersOf(manifest);
    return [
      ...checkHost(pod),
      ...checkVolumes(pod),
      ...containers.flatMap((container) => checkContainer(container, pod)),
    ];
  },
};

function checkHost(pod: Pod): readonly Problem[] {
  const problems: Problem[] = [];
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) {
    if (pod.spec[field] === true) {
      problems.push({ path: `${pod.path}.${field}`, value: true, cure: 'remove it: pods do not share the node' });
    }
  }
  const context = at(pod.spec, 'securityContext');
  for (const sysctl of objectsAt(context, 'sysctls')) {
    if (!safeSysctls.has(sysctl.name)) {
      problems.push({
        path: `${pod.path}.securityContext.sysctls`,
        value: sysctl.name,
        cure: 'use only safe sysctls',
      });
    }
  }
  return [...problems, ...checkContext(context, `${pod.path}.securityContext`)];
}

function checkVolumes(pod: Pod): readonly Problem[] {
  return objectsAt(pod.spec, 'volumes').flatMap((volume) =>
    Object.keys(volume)
      .filter((key) => key !== 'name' && !volumeKinds.has(key))
      .map((key) => ({
        path: `${pod.path}.volumes[${volume.name}]`,
        value: key,
        cure: `use one of ${[...volumeKinds].join(', ')}`,
      })),
  );
}

/** Clauses that hold for the contexts of pods and of containers alike. */
function checkContext(context: Json | undefined, path: string): readonly Problem[] {
  const problems: Problem[] = [];
  if (at(context, 'windowsOptions', 'hostProcess') === true) {
    problems.push({ path: `${path}.windowsOptions.hostProcess`, value: true, cure: 'remove it' });
  }
  if (at(context, 'runAsUser') === 0) {
    problems.push({ path: `${path}.runAsUser`, value: 0, cure: 'use a user other than root, for example 10001' });
  }
  const seLinux = at(context, 'seLinuxOptions');
  if (isObject(seLinux) && (!seLinuxTypes.has(seLinux.type) || seLinux.user || seLinux.role)) {
    problems.push({
      path: `${path}.seLinuxOptions`,
      value: seLinux,
      cure: 'use a container type, without user and role',
    });
  }
  for (const profile of ['appArmorProfile', 'seccompProfile']) {
    const type = at(context, profile, 'type');
    if (type !== undefined && !profiles.has(type)) {
      problems.push({ path: `${path}.${profile}.type`, value: type, cure: 'use RuntimeDefault' });
    }
  }
  return problems;
}

function checkContainer({ spec, path }: Container, pod: Pod): readonly Problem[] {
  const context = spec.securityContext;
  const inherited = pod.spec.securityContext;
  const here = `${path}.securityContext`;
  const problems: Problem[] = [...checkContext(context, here)];
  const need = (holds: boolean, field: string, cure: string) => {
    if (!holds) problems.push({ path: `${here}.${field}`, value: at(context, ...field.split('.')) ?? null, cure });
  };
  const effective = (...keys: string[]) => at(context, ...keys) ?? at(inherited, ...keys);

  need(at(context, 'privileged') !== true, 'privileged', 'set it to false');
  need(at(context, 'allowPrivilegeEscalation') === false, 'allowPrivilegeEscalation', 'set it to false');
  need(
    at(context, 'readOnlyRootFilesystem') === true,
    'readOnlyRootFilesystem',
    'set it to true and mount what is written',
  );
  need(effective('runAsNonRoot') === true, 'runAsNonRoot', 'set it to true');
  need(profiles.has(effective('seccompProfile', 'type')), 'seccompProfile.type', 'set it to RuntimeDefault');
  need([undefined, 'Default'].includes(text(at(context, 'procMount'))), 'procMount', 'leave it at Default');
  const dropped = at(context, 'capabilities', 'drop');
  need(Array.isArray(dropped) && dropped.includes('ALL'), 'capabilities.drop', 'drop ALL');
  const added = at(context, 'capabilities', 'add');
  need(!Array.isArray(added) || added.every((name) => name === 'NET_BIND_SERVICE'), 'capabilities.add', 'add none');

  for (const port of objectsAt(spec, 'ports')) {
    if (port.hostPort) problems.push({ path: `${path}.ports`, value: port.hostPort, cure: 'remove the host port' });
  }
  return [...problems, ...checkHandlers(spec, path)];
}

/** A probe with a host of its own lets the kubelet call any address on the pod's behalf. */
function checkHandlers(spec: JsonObject, path: string): readonly Problem[] {
  const handlers = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle.postStart', 'lifecycle.preStop'];
  return handlers.flatMap((handler) =>
    ['httpGet', 'tcpSocket'].flatMap((action) => {
      const host = at(spec, ...handler.split('.'), action, 'host');
      return host ? [{ path: `${path}.${handler}.${action}.host`, value: host, cure: 'remove it' }] : [];
    }),
  );
}

function text(value: Json | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
