import { at, isObject, type JsonObject, objectsAt } from '../../constructs/bridge/manifest.ts';

const allowedVolumes = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/**
 * Evaluates the restricted Pod Security Standard, as its specification lists the controls (kubernetes.io, Pod Security
 * Standards, 2026-11-21). Written apart from the constructs and from the policy pack, so that one mistake is not made twice.
 *
 * Returns what is violated; empty when the pod would be admitted.
 */
export function restrictedViolations(pod: JsonObject): string[] {
  const violations: string[] = [];
  const forbid = (bad: boolean, what: string) => {
    if (bad) violations.push(what);
  };
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) forbid(at(pod, field) === true, field);
  forbid(at(pod, 'securityContext', 'windowsOptions', 'hostProcess') === true, 'hostProcess');
  for (const volume of objectsAt(pod, 'volumes')) {
    const kinds = Object.keys(volume).filter((key) => key !== 'name');
    forbid(!kinds.every((kind) => allowedVolumes.includes(kind)), `volume ${String(volume.name)}`);
  }
  const podSeccomp = at(pod, 'securityContext', 'seccompProfile', 'type');
  const podNonRoot = at(pod, 'securityContext', 'runAsNonRoot');
  forbid(at(pod, 'securityContext', 'runAsUser') === 0, 'runAsUser');
  forbid(objectsAt(pod, 'securityContext', 'sysctls').length > 0, 'sysctls');
  const containers = ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => objectsAt(pod, list));
  forbid(containers.length === 0, 'no container');
  for (const container of containers) {
    const own = (...path: string[]) => at(container, 'securityContext', ...path);
    const name = String(container.name);
    forbid(own('privileged') === true, `${name}: privileged`);
    forbid(own('allowPrivilegeEscalation') !== false, `${name}: allowPrivilegeEscalation`);
    const dropped = own('capabilities', 'drop');
    forbid(!(Array.isArray(dropped) && dropped.includes('ALL')), `${name}: capabilities.drop`);
    const added = own('capabilities', 'add');
    forbid(Array.isArray(added) && added.some((each) => each !== 'NET_BIND_SERVICE'), `${name}: capabilities.add`);
    forbid((own('runAsNonRoot') ?? podNonRoot) !== true, `${name}: runAsNonRoot`);
    forbid(own('runAsUser') === 0, `${name}: runAsUser`);
    const seccomp = own('seccompProfile', 'type') ?? podSeccomp;
    forbid(seccomp !== 'RuntimeDefault' && seccomp !== 'Localhost', `${name}: seccompProfile`);
    const procMount = own('procMount');
    forbid(procMount !== undefined && procMount !== 'Default', `${name}: procMount`);
    forbid(
      objectsAt(container, 'ports').some(
        (port) => isObject(port) && port.hostPort !== undefined && port.hostPort !== 0,
      ),
      `${name}: hostPort`,
    );
  }
  return violations;
}
