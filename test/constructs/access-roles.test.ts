import { describe, expect, it } from '@jest/globals';
import { type AccessLevel, rulesOf } from '../../constructs/access-roles.ts';
import { AccessRoles } from '../../constructs/index.ts';
import { bench, object, objects } from '../support/manifests.ts';

const may = (level: AccessLevel, verb: string, group: string, resource: string): boolean =>
  rulesOf(level).some(
    ({ apiGroups, resources, verbs }) =>
      apiGroups.includes(group) && resources.includes(resource) && verbs.includes(verb),
  );

describe('AccessRoles', () => {
  it('let a viewer see everything but secrets, and change nothing', () => {
    expect(may('viewer', 'get', 'apps', 'deployments')).toBe(true);
    expect(may('viewer', 'get', '', 'pods/log')).toBe(true);
    expect(may('viewer', 'get', '', 'secrets')).toBe(false);
    expect(
      rulesOf('viewer')
        .flatMap(({ verbs }) => verbs)
        .filter((verb) => !['get', 'list', 'watch'].includes(verb)),
    ).toEqual([]);
  });

  it('let an operator run the procedures', () => {
    for (const [verb, group, resource] of [
      ['patch', 'apps', 'deployments'],
      ['patch', 'apps', 'deployments/scale'],
      ['create', '', 'pods/exec'],
      ['create', '', 'pods/portforward'],
      ['delete', '', 'pods'],
      ['patch', 'autoscaling', 'horizontalpodautoscalers'],
      ['create', 'batch', 'jobs'],
      ['patch', '', 'services'],
    ] as const) {
      expect([verb, resource, may('operator', verb, group, resource)]).toEqual([verb, resource, true]);
      expect([verb, resource, may('viewer', verb, group, resource)]).toEqual([verb, resource, false]);
    }
    expect(may('operator', 'get', '', 'secrets')).toBe(false);
    expect(may('operator', 'create', 'apps', 'deployments')).toBe(false);
  });

  it('let a deployer change what a platform consists of, but grant nobody anything', () => {
    expect(may('deployer', 'create', 'apps', 'statefulsets')).toBe(true);
    expect(may('deployer', 'patch', '', 'secrets')).toBe(true);
    expect(may('deployer', 'list', '', 'secrets')).toBe(false);
    for (const verb of ['create', 'update', 'patch', 'bind', 'escalate']) {
      expect(may('deployer', verb, 'rbac.authorization.k8s.io', 'roles')).toBe(false);
      expect(may('deployer', verb, 'rbac.authorization.k8s.io', 'rolebindings')).toBe(false);
    }
  });

  it('have no wildcard', () => {
    expect(JSON.stringify(rulesOf('deployer'))).not.toContain('*');
  });

  it('are bound to the groups that are named, and to nobody else', () => {
    const on = bench();
    new AccessRoles(on.namespace, 'roles', { groups: { operator: ['on-call', 'platform'] } });
    const manifests = on.synth();
    expect(objects(manifests, 'Role').map(({ metadata }) => metadata.name)).toEqual(['viewer', 'operator', 'deployer']);
    expect(objects(manifests, 'RoleBinding')).toHaveLength(1);
    expect(object(manifests, 'RoleBinding', 'operator')).toMatchObject({
      roleRef: { kind: 'Role', name: 'operator' },
      subjects: [
        { kind: 'Group', name: 'on-call' },
        { kind: 'Group', name: 'platform' },
      ],
    });
  });
});
