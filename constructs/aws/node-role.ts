import { AccessEntry } from '@pulumi/aws/eks/index.js';
import { Role, RolePolicyAttachment } from '@pulumi/aws/iam/index.js';
import { ComponentResource, type ComponentResourceOptions, type Input, type Output } from '@pulumi/pulumi';
import { trustPolicy } from './policy-document.ts';

/** Properties of {@link NodeRole}. */
export interface NodeRoleProps {
  readonly clusterName: Input<string>;
  /** Whether the cluster has to be told that machines with this role are nodes: for machines that no managed group starts. @default false */
  readonly admit?: boolean;
}

/** What nodes need of AWS and nothing else: join the cluster, pull images, be reached through Session Manager instead of SSH. */
const policies = [
  'AmazonEKSWorkerNodePolicy',
  'AmazonEC2ContainerRegistryPullOnly',
  'AmazonSSMManagedInstanceCore',
] as const;

/** The role of nodes. The network add-on and the pods have roles of their own. */
export class NodeRole extends ComponentResource {
  readonly arn: Output<string>;
  readonly roleName: Output<string>;

  constructor(name: string, { clusterName, admit = false }: NodeRoleProps, options?: ComponentResourceOptions) {
    super('keelson:aws:NodeRole', name, {}, options);
    const parent = { parent: this };
    const role = new Role(name, { assumeRolePolicy: trustPolicy(['ec2.amazonaws.com']) }, parent);
    const attached = policies.map(
      (policy) =>
        new RolePolicyAttachment(
          `${name}-${policy}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
          parent,
        ),
    );
    if (admit)
      new AccessEntry(
        name,
        { clusterName, principalArn: role.arn, type: 'EC2_LINUX' },
        { ...parent, dependsOn: attached },
      );
    this.arn = role.arn;
    this.roleName = role.name;
    this.registerOutputs({ arn: this.arn });
  }
}
