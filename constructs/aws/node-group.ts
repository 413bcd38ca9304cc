import { Tag } from '@pulumi/aws/autoscaling/index.js';
import { LaunchTemplate, type LaunchTemplateArgs } from '@pulumi/aws/ec2/index.js';
import { NodeGroup as EksNodeGroup } from '@pulumi/aws/eks/index.js';
import { ComponentResource, type ComponentResourceOptions, type Input, type Resource } from '@pulumi/pulumi';
import { WiringError } from '../problem.ts';
import { type InstanceTypeName, instanceTypeOf } from './instance-types.ts';

/** How the machines are paid for. */
export type Purchase =
  | { readonly kind: 'on-demand' }
  /** Cheaper; taken away with two minutes' notice. */
  | { readonly kind: 'spot' }
  /** Out of capacity that was reserved; a block is reserved for a time. */
  | { readonly kind: 'reservation'; readonly reservationId: string; readonly block?: boolean };

/** Keeps pods away that do not tolerate it. */
export interface NodeTaint {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** Properties of {@link NodeGroup}. */
export interface NodeGroupProps {
  readonly clusterName: Input<string>;
  readonly nodeRoleArn: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  /** The first one decides what an empty group promises; with spot, give several. */
  readonly instanceTypes: readonly [InstanceTypeName, ...InstanceTypeName[]];
  /** Nodes at least; 0 lets it scale from zero. */
  readonly minNodes: number;
  readonly maxNodes: number;
  /** @default - on demand */
  readonly purchase?: Purchase;
  /** @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly taints?: readonly NodeTaint[];
  /** Size of each node's encrypted disk, in GiB. @default 100 */
  readonly diskGibibytes?: number;
}

/**
 * The template of every machine: session tokens for its metadata (IMDSv2) that do not leave the machine, so that no pod reads the node's
 * credentials, an encrypted disk, and tags on all that it makes. Pure.
 */
export function launchTemplate(
  name: string,
  props: Pick<NodeGroupProps, 'purchase' | 'diskGibibytes' | 'instanceTypes'>,
): LaunchTemplateArgs {
  const { purchase = { kind: 'on-demand' }, diskGibibytes = 100 } = props;
  return {
    description: `Nodes of ${name}`,
    updateDefaultVersion: true,
    metadataOptions: {
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: 'disabled',
    },
    blockDeviceMappings: [
      {
        deviceName: '/dev/xvda',
        ebs: { volumeSize: diskGibibytes, volumeType: 'gp3', encrypted: 'true', deleteOnTermination: 'true' },
      },
    ],
    monitoring: { enabled: true },
    tagSpecifications: ['instance', 'volume', 'network-interface'].map((resourceType) => ({
      resourceType,
      tags: { Name: name },
    })),
    ...(purchase.kind === 'reservation' && {
      capacityReservationSpecification: {
        capacityReservationTarget: { capacityReservationId: purchase.reservationId },
      },
      ...(purchase.block === true && {
        instanceType: props.instanceTypes[0],
        instanceMarketOptions: { marketType: 'capacity-block' },
      }),
    }),
  };
}

/** How EKS calls a way of paying. */
export function capacityType(purchase: Purchase): 'ON_DEMAND' | 'SPOT' | 'CAPACITY_BLOCK' {
  switch (purchase.kind) {
    case 'on-demand':
      return 'ON_DEMAND';
    case 'spot':
      return 'SPOT';
    case 'reservation':
      return purchase.block === true ? 'CAPACITY_BLOCK' : 'ON_DEMAND';
  }
}

/** What Cluster Autoscaler has to know of nodes that do not exist yet, as tags of the group. Pure. */
export function scaleFromZeroTags(
  props: Pick<NodeGroupProps, 'instanceTypes' | 'labels' | 'taints'>,
): Readonly<Record<string, string>> {
  const { gpu } = instanceTypeOf(props.instanceTypes[0]);
  const template = 'k8s.io/cluster-autoscaler/node-template';
  const labels = Object.entries(props.labels ?? {}).map(([key, value]) => [`${template}/label/${key}`, value]);
  const taints = (props.taints ?? []).map(({ key, value = '', effect }) => [
    `${template}/taint/${key}`,
    `${value}:${effect}`,
  ]);
  return {
    ...Object.fromEntries([...labels, ...taints]),
    ...(gpu !== undefined && { [`${template}/resources/nvidia.com/gpu`]: String(gpu.count) }),
  };
}

const taintEffects = {
  NoSchedule: 'NO_SCHEDULE',
  PreferNoSchedule: 'PREFER_NO_SCHEDULE',
  NoExecute: 'NO_EXECUTE',
} as const;

/** A managed group of nodes. AWS drains them before it takes or updates them, and replaces broken ones. */
export class NodeGroup extends ComponentResource {
  readonly group: Resource;

  constructor(name: string, props: NodeGroupProps, options?: ComponentResourceOptions) {
    super('keelson:aws:NodeGroup', name, {}, options);
    check(name, props);
    const { purchase = { kind: 'on-demand' }, minNodes, maxNodes, labels = {}, taints = [] } = props;
    const parent = { parent: this };
    const template = new LaunchTemplate(name, launchTemplate(name, props), parent);
    const block = purchase.kind === 'reservation' && purchase.block === true;
    const group = new EksNodeGroup(
      name,
      {
        clusterName: props.clusterName,
        nodeRoleArn: props.nodeRoleArn,
        subnetIds: [...props.subnetIds],
        amiType:
          instanceTypeOf(props.instanceTypes[0]).gpu === undefined ? 'AL2023_x86_64_STANDARD' : 'AL2023_x86_64_NVIDIA',
        capacityType: capacityType(purchase),
        // With a block, the template names the type.
        ...(!block && { instanceTypes: [...props.instanceTypes] }),
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        scalingConfig: { minSize: minNodes, maxSize: maxNodes, desiredSize: minNodes },
        updateConfig: { maxUnavailablePercentage: 33 },
        nodeRepairConfig: { enabled: true },
        labels: { ...labels },
        taints: taints.map(({ key, value, effect }) => ({
          key,
          effect: taintEffects[effect],
          ...(value !== undefined && { value }),
        })),
      },
      {
        ...parent,
        // How many there are right now is the autoscaler's business.
        ignoreChanges: ['scalingConfig.desiredSize'],
        // What a component waits for does not reach its children.
        ...(options?.dependsOn !== undefined && { dependsOn: options.dependsOn }),
      },
    );
    const autoScalingGroup = group.resources.apply((made) => made[0]?.autoscalingGroups?.[0]?.name ?? '');
    for (const [key, value] of Object.entries(minNodes === 0 ? scaleFromZeroTags(props) : {})) {
      const tag = { key, value, propagateAtLaunch: false };
      new Tag(`${name}-${key.split('/').slice(2).join('-')}`, { autoscalingGroupName: autoScalingGroup, tag }, parent);
    }
    this.group = group;
    this.registerOutputs({});
  }
}

function check(name: string, { minNodes, maxNodes, purchase, instanceTypes }: NodeGroupProps): void {
  if (!Number.isInteger(minNodes) || !Number.isInteger(maxNodes) || minNodes < 0 || maxNodes < Math.max(1, minNodes)) {
    throw new WiringError(name, {
      path: 'minNodes, maxNodes',
      value: `${minNodes}, ${maxNodes}`,
      cure: 'use whole numbers with 0 <= minNodes <= maxNodes and maxNodes of at least 1',
    });
  }
  if (purchase?.kind === 'reservation' && purchase.block === true && instanceTypes.length > 1) {
    throw new WiringError(name, {
      path: 'instanceTypes',
      value: instanceTypes,
      cure: 'name one: a capacity block is of one instance type',
    });
  }
}
