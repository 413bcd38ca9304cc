import { PodIdentityAssociation } from '@pulumi/aws/eks/index.js';
import { Role, RolePolicy } from '@pulumi/aws/iam/index.js';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import { WiringError } from '../problem.ts';
import { policyDocument, type Statement } from './policy-document.ts';

/** Properties of {@link WorkloadRole}. */
export interface WorkloadRoleProps {
  readonly clusterName: Input<string>;
  readonly clusterArn: Input<string>;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** What its pods may do in AWS, and with what. */
  readonly statements: readonly [Statement, ...Statement[]];
}

/** Finds statements that allow more than they name. */
export function tooBroad(statements: readonly Statement[]): Statement | undefined {
  return statements.find(
    ({ effect = 'Allow', actions, resources = [], conditions }) =>
      effect === 'Allow' &&
      (actions.some((action) => action === '*' || action.endsWith(':*')) ||
        (conditions === undefined && resources.some((resource) => resource === '*'))),
  );
}

/** A role for the pods of one service account of one cluster, by Pod Identity: no key, and no other pod can take it. */
export class WorkloadRole extends ComponentResource {
  readonly arn: Output<string>;

  constructor(name: string, props: WorkloadRoleProps, options?: ComponentResourceOptions) {
    super('keelson:aws:WorkloadRole', name, {}, options);
    const broad = tooBroad(props.statements);
    if (broad !== undefined) {
      throw new WiringError(name, {
        path: 'statements',
        value: `${broad.actions.join(', ')} on ${broad.resources?.join(', ') ?? 'nothing'}`,
        cure: 'name each action, and the resources or a condition',
      });
    }
    const parent = { parent: this };
    const assumeRolePolicy = policyDocument([
      {
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        services: ['pods.eks.amazonaws.com'],
        // Only through this cluster: another one in the account could name the same service account.
        conditions: { ArnEquals: { 'aws:SourceArn': props.clusterArn } },
      },
    ]);
    const role = new Role(name, { assumeRolePolicy }, parent);
    new RolePolicy(name, { role: role.id, policy: policyDocument(props.statements) }, parent);
    const { clusterName, namespace, serviceAccount } = props;
    new PodIdentityAssociation(name, { clusterName, namespace, serviceAccount, roleArn: role.arn }, parent);
    this.arn = role.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
