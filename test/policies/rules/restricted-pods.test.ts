import { describe, expect, it } from '@jest/globals';
import type { Json } from '../../../constructs/bridge/manifest.ts';
import { restrictedPods } from '../../../policies/rules/restricted-pods.ts';
import { broken, container, goodDeployment, pod } from '../support.ts';

const context = `${container}.securityContext`;
const named = 'spec.template.spec.containers[api]';

describe('restrictedPods', () => {
  it('is content with a pod that meets every clause', () => {
    expect(restrictedPods.check(goodDeployment)).toEqual([]);
  });

  it.each<[string, Json | undefined, string]>([
    [`${pod}.hostNetwork`, true, `${pod}.hostNetwork`],
    [`${pod}.hostPID`, true, `${pod}.hostPID`],
    [`${pod}.hostIPC`, true, `${pod}.hostIPC`],
    [`${pod}.securityContext.runAsUser`, 0, `${pod}.securityContext.runAsUser`],
    [`${pod}.securityContext.sysctls`, [{ name: 'kernel.msgmax', value: '1' }], `${pod}.securityContext.sysctls`],
    [`${pod}.securityContext.seLinuxOptions`, { type: 'spc_t' }, `${pod}.securityContext.seLinuxOptions`],
    [`${pod}.securityContext.seLinuxOptions`, { role: 'sysadm_r' }, `${pod}.securityContext.seLinuxOptions`],
    [`${pod}.securityContext.appArmorProfile`, { type: 'Unconfined' }, `${pod}.securityContext.appArmorProfile.type`],
    [
      `${pod}.securityContext.windowsOptions`,
      { hostProcess: true },
      `${pod}.securityContext.windowsOptions.hostProcess`,
    ],
    [`${pod}.volumes`, [{ name: 'node', hostPath: { path: '/' } }], `${pod}.volumes[node]`],
    [`${pod}.volumes`, [{ name: 'nfs', nfs: { server: 'x', path: '/' } }], `${pod}.volumes[nfs]`],
    [`${context}.privileged`, true, `${named}.securityContext.privileged`],
    [`${context}.allowPrivilegeEscalation`, true, `${named}.securityContext.allowPrivilegeEscalation`],
    [`${context}.allowPrivilegeEscalation`, undefined, `${named}.securityContext.allowPrivilegeEscalation`],
    [`${context}.readOnlyRootFilesystem`, false, `${named}.securityContext.readOnlyRootFilesystem`],
    [`${context}.runAsNonRoot`, false, `${named}.securityContext.runAsNonRoot`],
    [`${context}.runAsUser`, 0, `${named}.securityContext.runAsUser`],
    [`${context}.procMount`, 'Unmasked', `${named}.securityContext.procMount`],
    [`${context}.capabilities`, undefined, `${named}.securityContext.capabilities.drop`],
    [`${context}.capabilities.drop`, ['NET_RAW'], `${named}.securityContext.capabilities.drop`],
    [`${context}.capabilities.add`, ['SYS_ADMIN'], `${named}.securityContext.capabilities.add`],
    [`${container}.ports`, [{ containerPort: 80, hostPort: 80 }], `${named}.ports`],
    [`${container}.readinessProbe.httpGet.host`, '10.0.0.1', `${named}.readinessProbe.httpGet.host`],
    [
      `${container}.lifecycle`,
      { preStop: { tcpSocket: { host: 'a', port: 1 } } },
      `${named}.lifecycle.preStop.tcpSocket.host`,
    ],
  ])('finds %s = %j', (path, value, reported) => {
    expect(restrictedPods.check(broken(goodDeployment, path, value)).map((found) => found.path)).toEqual([reported]);
  });

  it('finds an unconfined seccomp profile at the container', () => {
    const found = restrictedPods.check(broken(goodDeployment, `${context}.seccompProfile.type`, 'Unconfined'));
    expect(new Set(found.map(({ path }) => path))).toEqual(new Set([`${named}.securityContext.seccompProfile.type`]));
  });

  it('lets a container inherit user and seccomp profile from the pod, and misses them when neither has them', () => {
    const inheriting = broken(
      broken(goodDeployment, `${context}.seccompProfile`, undefined),
      `${context}.runAsNonRoot`,
      undefined,
    );
    expect(restrictedPods.check(inheriting)).toEqual([]);
    expect(restrictedPods.check(broken(inheriting, `${pod}.securityContext`, {})).map(({ path }) => path)).toEqual([
      `${named}.securityContext.runAsNonRoot`,
      `${named}.securityContext.seccompProfile.type`,
    ]);
  });

  it('allows to bind low ports', () => {
    expect(restrictedPods.check(broken(goodDeployment, `${context}.capabilities.add`, ['NET_BIND_SERVICE']))).toEqual(
      [],
    );
  });

  it.each(['initContainers', 'ephemeralContainers'])('looks into %s', (list) => {
    const found = restrictedPods.check(broken(goodDeployment, `${pod}.${list}`, [{ name: 'extra' }]));
    expect(found.map(({ path }) => path)).toContain(`${pod}.${list}[extra].securityContext.allowPrivilegeEscalation`);
  });

  it.each(['StatefulSet', 'DaemonSet', 'Job', 'ReplicaSet'])('looks into the pods of a %s', (kind) => {
    expect(restrictedPods.check(broken({ ...goodDeployment, kind }, `${pod}.hostNetwork`, true))).toHaveLength(1);
  });

  it('looks into bare pods and cron jobs', () => {
    const spec = { hostPID: true, containers: [] };
    const metadata = { name: 'x' };
    expect(restrictedPods.check({ apiVersion: 'v1', kind: 'Pod', metadata, spec })).toHaveLength(1);
    expect(
      restrictedPods.check({
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata,
        spec: { jobTemplate: { spec: { template: { spec } } } },
      }),
    ).toHaveLength(1);
  });

  it('has nothing to say about objects without pods', () => {
    expect(restrictedPods.check({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } })).toEqual([]);
  });
});
