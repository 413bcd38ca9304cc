import { describe, expect, it } from '@jest/globals';
import type { Json, Manifest } from '../../../constructs/bridge/manifest.ts';
import { closedPolicies } from '../../../policies/rules/closed-policies.ts';
import { defaultDeny } from '../../../policies/rules/default-deny.ts';
import { broken, goodDeployment } from '../support.ts';

const namespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } };

function policy(spec: Json, name = 'default-deny', home = 'ns'): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: home }, spec };
}

const deny = policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });

describe('defaultDeny', () => {
  const paths = (manifests: readonly Manifest[]) => defaultDeny.checkAll(manifests).map(({ path }) => path);

  it('is content where every namespace denies by default', () => {
    expect(paths([namespace, deny, goodDeployment])).toEqual([]);
  });

  it('misses the policy in a namespace that the stack makes', () => {
    expect(paths([namespace])).toEqual(['namespace/ns']);
  });

  it('misses it in a namespace that the stack only puts pods into, the default one included', () => {
    expect(paths([goodDeployment])).toEqual(['namespace/ns']);
    expect(paths([broken(goodDeployment, 'metadata.namespace', undefined)])).toEqual(['namespace/default']);
  });

  it('does not count the policy of another namespace', () => {
    expect(paths([namespace, policy(deny.spec ?? null, 'default-deny', 'other')])).toEqual(['namespace/ns']);
  });

  it.each<[string, Json]>([
    ['only ingress', { podSelector: {}, policyTypes: ['Ingress'] }],
    ['only egress', { podSelector: {}, policyTypes: ['Egress'] }],
    ['some pods', { podSelector: { matchLabels: { app: 'x' } }, policyTypes: ['Ingress', 'Egress'] }],
    ['all but something', { podSelector: {}, policyTypes: ['Ingress', 'Egress'], egress: [{}] }],
  ])('does not count a policy for %s', (_name, spec) => {
    expect(paths([namespace, policy(spec)])).toEqual(['namespace/ns']);
  });
});

describe('closedPolicies', () => {
  const open = {
    podSelector: {},
    ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }],
    egress: [{ to: [{ podSelector: {} }], ports: [{ port: 80 }] }],
  };

  it('is content with rules that name peers and ports', () => {
    expect(closedPolicies.check(policy(open))).toEqual([]);
    expect(closedPolicies.check(deny)).toEqual([]);
  });

  it.each<[string, Json | undefined, string]>([
    ['spec.ingress.0.from', undefined, 'spec.ingress[0].from'],
    ['spec.ingress.0.from', [], 'spec.ingress[0].from'],
    ['spec.ingress.0.ports', undefined, 'spec.ingress[0].ports'],
    ['spec.egress.0.to', undefined, 'spec.egress[0].to'],
    ['spec.egress.0.ports', [], 'spec.egress[0].ports'],
  ])('finds %s = %j', (path, value, reported) => {
    expect(closedPolicies.check(broken(policy(open), path, value)).map((found) => found.path)).toEqual([reported]);
  });
});
