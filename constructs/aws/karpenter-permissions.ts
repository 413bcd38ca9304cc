import type { Input } from '@pulumi/pulumi';
import type { Statement } from './policy-document.ts';

/** What the permissions are bound to. */
interface Bounds {
  readonly clusterName: string;
  readonly clusterArn: Input<string>;
  readonly region: string;
  readonly nodeRoleArn: Input<string>;
  readonly queueArn: Input<string>;
}

/** Kinds of what a launch makes. */
const made = ['fleet', 'instance', 'volume', 'network-interface', 'launch-template', 'spot-instances-request'] as const;
/** Kinds of what a launch only uses. */
const used = ['security-group', 'subnet', 'capacity-reservation', 'launch-template'] as const;

/**
 * What Karpenter's controller may do: make machines that carry the tags of this cluster and of a pool, end those that carry them, hand them the
 * role of nodes and no other, and read what it decides by. After the permissions that Karpenter's reference documents for its version 1
 * (karpenter.sh/docs/reference/cloudformation, 2026-11).
 */
export function controllerStatements(bounds: Bounds): readonly [Statement, ...Statement[]] {
  const { clusterName, clusterArn, region, nodeRoleArn, queueArn } = bounds;
  const arns = (kinds: readonly string[]): string[] => kinds.map((kind) => `arn:aws:ec2:${region}:*:${kind}/*`);
  const owned = `kubernetes.io/cluster/${clusterName}`;
  const requested = {
    StringEquals: { [`aws:RequestTag/${owned}`]: 'owned', 'aws:RequestTag/eks:eks-cluster-name': clusterName },
    StringLike: { 'aws:RequestTag/karpenter.sh/nodepool': '*' },
  };
  const existing = {
    StringEquals: { [`aws:ResourceTag/${owned}`]: 'owned' },
    StringLike: { 'aws:ResourceTag/karpenter.sh/nodepool': '*' },
  };
  const profiles = ['arn:aws:iam::*:instance-profile/*'];
  const ofProfile = { [`aws:ResourceTag/${owned}`]: 'owned', 'aws:ResourceTag/topology.kubernetes.io/region': region };
  const newProfile = { [`aws:RequestTag/${owned}`]: 'owned', 'aws:RequestTag/topology.kubernetes.io/region': region };
  return [
    {
      sid: 'LaunchFromTheseParts',
      actions: ['ec2:RunInstances', 'ec2:CreateFleet'],
      resources: [`arn:aws:ec2:${region}::image/*`, `arn:aws:ec2:${region}::snapshot/*`, ...arns(used)],
    },
    {
      sid: 'LaunchTagged',
      actions: ['ec2:RunInstances', 'ec2:CreateFleet', 'ec2:CreateLaunchTemplate'],
      resources: arns(made),
      conditions: requested,
    },
    {
      sid: 'TagWhatIsLaunched',
      actions: ['ec2:CreateTags'],
      resources: arns(made),
      conditions: {
        ...requested,
        StringEquals: {
          ...requested.StringEquals,
          'ec2:CreateAction': ['RunInstances', 'CreateFleet', 'CreateLaunchTemplate'],
        },
      },
    },
    {
      sid: 'NameInstances',
      actions: ['ec2:CreateTags'],
      resources: arns(['instance']),
      conditions: {
        ...existing,
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['eks:eks-cluster-name', 'karpenter.sh/nodeclaim', 'Name'] },
      },
    },
    {
      sid: 'EndWhatWasLaunched',
      actions: ['ec2:TerminateInstances', 'ec2:DeleteLaunchTemplate'],
      resources: arns(['instance', 'launch-template']),
      conditions: existing,
    },
    {
      sid: 'ReadOffers',
      actions: [
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeCapacityReservations',
        'ec2:DescribeImages',
        'ec2:DescribeInstances',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeInstanceTypeOfferings',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeLaunchTemplates',
        'ec2:DescribePlacementGroups',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSpotPriceHistory',
        'ec2:DescribeSubnets',
      ],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      sid: 'ReadImageNames',
      actions: ['ssm:GetParameter'],
      resources: [`arn:aws:ssm:${region}::parameter/aws/service/*`],
    },
    {
      sid: 'ReadPrices',
      actions: ['pricing:GetProducts'],
      resources: ['*'],
      // The price list answers in a few regions only, whichever the cluster is in.
      conditions: { StringEquals: { 'aws:RequestedRegion': ['us-east-1', 'eu-central-1', 'ap-south-1'] } },
    },
    {
      sid: 'HearOfInterruptions',
      actions: ['sqs:DeleteMessage', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
      resources: [queueArn],
    },
    {
      sid: 'HandOverTheRoleOfNodes',
      actions: ['iam:PassRole'],
      resources: [nodeRoleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    },
    {
      sid: 'MakeInstanceProfiles',
      actions: ['iam:CreateInstanceProfile'],
      resources: profiles,
      conditions: { StringEquals: newProfile },
    },
    {
      sid: 'TagInstanceProfiles',
      actions: ['iam:TagInstanceProfile'],
      resources: profiles,
      conditions: { StringEquals: { ...ofProfile, ...newProfile } },
    },
    {
      sid: 'ChangeItsInstanceProfiles',
      actions: ['iam:AddRoleToInstanceProfile', 'iam:RemoveRoleFromInstanceProfile', 'iam:DeleteInstanceProfile'],
      resources: profiles,
      conditions: { StringEquals: ofProfile },
    },
    {
      sid: 'ReadInstanceProfiles',
      actions: ['iam:GetInstanceProfile', 'iam:ListInstanceProfiles'],
      resources: profiles,
    },
    { sid: 'FindTheApiServer', actions: ['eks:DescribeCluster'], resources: [clusterArn] },
  ];
}
