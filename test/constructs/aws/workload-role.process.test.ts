import { describe, expect, it } from '@jest/globals';
import { controllerStatements } from '../../../constructs/aws/karpenter-permissions.ts';
import { operatorStatements } from '../../../constructs/aws/operator-permissions.ts';
import type { OperatorName } from '../../../constructs/aws/operators.ts';
import { operators } from '../../../constructs/aws/operators.ts';
import { tooBroad, WorkloadRole } from '../../../constructs/aws/workload-role.ts';
import { mockEngine, settled } from '../../support/mocks.ts';

const props = {
  clusterName: 'c',
  clusterArn: 'arn:cluster',
  namespace: 'n',
  serviceAccount: 'a',
  statements: [{ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::b/*'] }],
} as const;

describe('WorkloadRole', () => {
  it('can be taken by pods of one service account of one cluster', async () => {
    const registered = await mockEngine();
    new WorkloadRole('r', props);
    await settled();
    const trust = registered.find(({ type }) => type === 'aws:iam/role:Role')?.inputs.assumeRolePolicy;
    expect(JSON.parse(String(trust))).toMatchObject({
      Statement: [
        {
          Principal: { Service: ['pods.eks.amazonaws.com'] },
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:cluster' } },
        },
      ],
    });
    expect(
      registered.find(({ type }) => type === 'aws:eks/podIdentityAssociation:PodIdentityAssociation')?.inputs,
    ).toMatchObject({ namespace: 'n', serviceAccount: 'a' });
  });

  it.each([
    [{ actions: ['s3:*'], resources: ['arn:aws:s3:::b'] }],
    [{ actions: ['*'], resources: ['arn:aws:s3:::b'] }],
    [{ actions: ['s3:GetObject'], resources: ['*'] }],
  ])('refuses %o', async (statement) => {
    await mockEngine();
    expect(() => new WorkloadRole('r', { ...props, statements: [statement] })).toThrow(
      'name each action, and the resources or a condition',
    );
  });
});

describe('the permissions of operators', () => {
  const bounds = { clusterName: 'c', region: 'eu-central-1', secretPrefix: 'keelson/p/prod', zoneId: 'Z1' };
  const names = Object.keys(operators) as OperatorName[]; // the catalogue's own keys

  it('name what they allow, or a condition', () => {
    for (const name of names)
      expect([name, tooBroad(operatorStatements(name, bounds) ?? [])]).toEqual([name, undefined]);
    const karpenter = { ...bounds, clusterArn: 'arn:c', nodeRoleArn: 'arn:n', queueArn: 'arn:q' };
    expect(tooBroad(controllerStatements(karpenter))).toBeUndefined();
  });

  it('cover every operator with a service account that calls AWS', () => {
    const withoutRole = names.filter(
      (name) => operators[name].serviceAccount !== undefined && operatorStatements(name, bounds) === undefined,
    );
    // Its role is made beside its queue.
    expect(withoutRole).toEqual(['karpenter']);
  });

  it("let External Secrets read the platform's secrets only", () => {
    expect(operatorStatements('external-secrets', bounds)?.flatMap(({ resources }) => resources)).toEqual([
      'arn:aws:secretsmanager:eu-central-1:*:secret:keelson/p/prod/*',
    ]);
  });
});
