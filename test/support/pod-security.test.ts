import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../constructs/bridge/manifest.ts';
import { restrictedViolations } from './pod-security.ts';

const container: JsonObject = {
  name: 'c',
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
};
const pod: JsonObject = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [container],
  volumes: [{ name: 'tmp', emptyDir: {} }],
};
const security = (more: JsonObject): Json => [
  { ...container, securityContext: { ...(container.securityContext as JsonObject), ...more } }, // an object, see above
];

describe('restrictedViolations', () => {
  it('finds nothing in a pod that meets the standard', () => {
    expect(restrictedViolations(pod)).toEqual([]);
  });

  it.each<[string, JsonObject]>([
    ['hostNetwork', { ...pod, hostNetwork: true }],
    ['hostPID', { ...pod, hostPID: true }],
    ['volume data', { ...pod, volumes: [{ name: 'data', hostPath: { path: '/' } }] }],
    ['runAsUser', { ...pod, securityContext: { ...(pod.securityContext as JsonObject), runAsUser: 0 } }], // an object, see above
    ['c: runAsNonRoot', { ...pod, securityContext: { seccompProfile: { type: 'RuntimeDefault' } } }],
    ['c: seccompProfile', { ...pod, securityContext: { runAsNonRoot: true } }],
    ['c: privileged', { ...pod, containers: security({ privileged: true }) }],
    ['c: allowPrivilegeEscalation', { ...pod, containers: security({ allowPrivilegeEscalation: true }) }],
    ['c: capabilities.drop', { ...pod, containers: security({ capabilities: { drop: ['NET_RAW'] } }) }],
    ['c: capabilities.add', { ...pod, containers: security({ capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } }) }],
    ['c: procMount', { ...pod, containers: security({ procMount: 'Unmasked' }) }],
    ['c: hostPort', { ...pod, containers: [{ ...container, ports: [{ hostPort: 80 }] }] }],
    [
      'i: allowPrivilegeEscalation',
      { ...pod, initContainers: [{ name: 'i', securityContext: { capabilities: { drop: ['ALL'] } } }] },
    ],
  ])('finds %s', (violation, broken) => {
    expect(restrictedViolations(broken)).toEqual([violation]);
  });
});
