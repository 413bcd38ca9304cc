import { describe, expect, it } from '@jest/globals';
import type { ResourceValidationArgs, ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import { type Exception, exceptions, isExcepted } from '../../policies/exceptions.ts';
import { manifestOf, policiesFrom } from '../../policies/pack.ts';
import { objectRules, stackRules } from '../../policies/rules.ts';
import { broken, goodDeployment, pod } from './support.ts';

const policies = policiesFrom(objectRules, stackRules);

/** What the policy says about a resource. */
function judge(name: string, type: string, props: object): string[] {
  const found = policies.find((policy): policy is ResourceValidationPolicy => policy.name === name);
  const messages: string[] = [];
  // The engine gives more than the policies use.
  const args = { type, props } as ResourceValidationArgs;
  for (const validate of [found?.validateResource ?? []].flat())
    void validate(args, (message) => messages.push(message));
  return messages;
}

describe('the pack', () => {
  it('holds each rule once, with the level that it declares', () => {
    const declared = [...objectRules, ...stackRules].map(({ name, level }) => [name, level]);
    expect(policies.map(({ name, enforcementLevel }) => [name, enforcementLevel])).toEqual(declared);
    expect(new Set(policies.map(({ name }) => name)).size).toBe(policies.length);
  });

  it('stops an update for what must never happen', () => {
    const mandatory = policies
      .filter(({ enforcementLevel }) => enforcementLevel === 'mandatory')
      .map(({ name }) => name);
    expect(mandatory).toEqual(
      expect.arrayContaining([
        'restricted-pods',
        'pinned-images',
        'resource-requests',
        'default-deny',
        'hidden-secrets',
      ]),
    );
  });

  it('tells path, value and cure', () => {
    const props = broken(goodDeployment, `${pod}.hostNetwork`, true);
    expect(judge('restricted-pods', 'kubernetes:apps/v1:Deployment', props)).toEqual([
      'spec.template.spec.hostNetwork is true: remove it: pods do not share the node',
    ]);
    expect(judge('restricted-pods', 'kubernetes:apps/v1:Deployment', goodDeployment)).toEqual([]);
  });

  it('judges whole stacks', () => {
    const rule = policies.find((policy): policy is StackValidationPolicy => policy.name === 'default-deny');
    const messages: string[] = [];
    const resources = [
      { type: 'pulumi:pulumi:Stack', props: {} },
      { type: 'kubernetes:core/v1:Namespace', props: { metadata: { name: 'ns' } } },
    ];
    // The engine gives more than the policies use.
    const args = { resources } as unknown as Parameters<StackValidationPolicy['validateStack']>[0];
    void rule?.validateStack(args, (message) => messages.push(message));
    expect(messages).toEqual([expect.stringContaining('namespace/ns')]);
  });
});

describe('manifestOf', () => {
  it('reads version and kind from the type', () => {
    expect(manifestOf('kubernetes:core/v1:Secret', { metadata: {} })).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {},
    });
    expect(manifestOf('kubernetes:keda.sh/v1alpha1:ScaledObject', {})).toMatchObject({
      apiVersion: 'keda.sh/v1alpha1',
    });
  });

  it.each(['pulumi:pulumi:Stack', 'pulumi:providers:kubernetes', 'keelson:kubernetes:Chart', 'aws:s3/bucket:Bucket'])(
    'is undefined for %s',
    (type) => {
      expect(manifestOf(type, {})).toBeUndefined();
    },
  );
});

describe('exceptions', () => {
  const entry: Exception = {
    rule: 'r',
    namespace: 'ns',
    object: { kind: 'Deployment', name: 'api' },
    reason: 'a test',
  };

  it('hold for one rule and one object', () => {
    expect(isExcepted('r', goodDeployment, [entry])).toBe(true);
    expect(isExcepted('other', goodDeployment, [entry])).toBe(false);
    expect(isExcepted('r', broken(goodDeployment, 'metadata.name', 'web'), [entry])).toBe(false);
  });

  it('hold for a whole namespace where no object is named', () => {
    const { object: _object, ...all } = entry;
    expect(isExcepted('r', goodDeployment, [all])).toBe(true);
    expect(isExcepted('r', broken(goodDeployment, 'metadata.namespace', 'other'), [all])).toBe(false);
  });

  it('name rules that exist, and say why', () => {
    const rules = new Set([...objectRules, ...stackRules].map(({ name }) => name));
    expect(exceptions.filter(({ rule, reason }) => !rules.has(rule) || reason.length < 20)).toEqual([]);
  });
});
