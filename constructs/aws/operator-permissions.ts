import { type Input, interpolate } from '@pulumi/pulumi';
import type { OperatorName } from './operators.ts';
import type { Statement } from './policy-document.ts';

/** What the permissions are bound to. */
export interface OperatorBounds {
  readonly clusterName: string;
  readonly region: string;
  /** What stands before the names of the platform's secrets in AWS Secrets Manager. */
  readonly secretPrefix: string;
  /** Zone in which names may be set. @default - none */
  readonly zoneId?: Input<string>;
}

/** What an operator may do in AWS. @returns undefined for one that asks nothing of AWS, or whose permissions are made beside its queue */
export function operatorStatements(
  operator: OperatorName,
  bounds: OperatorBounds,
): readonly [Statement, ...Statement[]] | undefined {
  switch (operator) {
    case 'external-secrets':
      return externalSecrets(bounds);
    case 'cluster-autoscaler':
      return clusterAutoscaler(bounds);
    case 'load-balancer-controller':
      return loadBalancerController(bounds);
    case 'external-dns':
      return bounds.zoneId === undefined ? undefined : externalDns(bounds.zoneId);
    default:
      return undefined;
  }
}

function externalSecrets({ region, secretPrefix }: OperatorBounds): readonly [Statement, ...Statement[]] {
  const resources = [`arn:aws:secretsmanager:${region}:*:secret:${secretPrefix}/*`];
  return [{ actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], resources }];
}

function clusterAutoscaler({ clusterName, region }: OperatorBounds): readonly [Statement, ...Statement[]] {
  const here = { StringEquals: { 'aws:RequestedRegion': region } };
  return [
    {
      actions: ['autoscaling:SetDesiredCapacity', 'autoscaling:TerminateInstanceInAutoScalingGroup'],
      resources: [`arn:aws:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/*`],
      conditions: { StringEquals: { [`aws:ResourceTag/k8s.io/cluster-autoscaler/${clusterName}`]: 'owned' } },
    },
    {
      actions: [
        'autoscaling:DescribeAutoScalingGroups',
        'autoscaling:DescribeAutoScalingInstances',
        'autoscaling:DescribeLaunchConfigurations',
        'autoscaling:DescribeScalingActivities',
        'autoscaling:DescribeTags',
        'ec2:DescribeImages',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeLaunchTemplateVersions',
        'ec2:GetInstanceTypesFromInstanceRequirements',
        'eks:DescribeNodegroup',
      ],
      resources: ['*'],
      conditions: here,
    },
  ];
}

function externalDns(zoneId: Input<string>): readonly [Statement, ...Statement[]] {
  return [
    {
      actions: ['route53:ChangeResourceRecordSets', 'route53:ListResourceRecordSets', 'route53:ListTagsForResources'],
      resources: [interpolate`arn:aws:route53:::hostedzone/${zoneId}`],
    },
    {
      actions: ['route53:ListHostedZones'],
      resources: ['*'],
      // Route 53 answers for the whole world from there.
      conditions: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } },
    },
  ];
}

/**
 * What the load balancer controller needs to make load balancers with their target and security groups: what it changes carries the cluster's
 * tag. After the policy that its installation guide documents for 2.14 (kubernetes-sigs.github.io/aws-load-balancer-controller, 2026-11).
 */
function loadBalancerController({ region }: OperatorBounds): readonly [Statement, ...Statement[]] {
  const tag = 'elbv2.k8s.aws/cluster';
  const requested = { Null: { [`aws:RequestTag/${tag}`]: 'false' } };
  const existing = { Null: { [`aws:ResourceTag/${tag}`]: 'false' } };
  const balancing = (kinds: readonly string[]): string[] =>
    kinds.map((kind) => `arn:aws:elasticloadbalancing:${region}:*:${kind}`);
  const balancers = ['targetgroup/*/*', 'loadbalancer/net/*/*', 'loadbalancer/app/*/*'];
  const groups = [`arn:aws:ec2:${region}:*:security-group/*`];
  return [
    {
      sid: 'Read',
      actions: [
        'acm:DescribeCertificate',
        'acm:ListCertificates',
        'ec2:DescribeAccountAttributes',
        'ec2:DescribeAddresses',
        'ec2:DescribeAvailabilityZones',
        'ec2:DescribeInstances',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeTags',
        'ec2:DescribeVpcs',
        'elasticloadbalancing:DescribeCapacityReservation',
        'elasticloadbalancing:DescribeListenerAttributes',
        'elasticloadbalancing:DescribeListenerCertificates',
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeLoadBalancers',
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeSSLPolicies',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetGroupAttributes',
        'elasticloadbalancing:DescribeTargetGroups',
        'elasticloadbalancing:DescribeTargetHealth',
      ],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:RequestedRegion': region } },
    },
    {
      sid: 'MakeSecurityGroups',
      actions: ['ec2:CreateSecurityGroup'],
      resources: [...groups, `arn:aws:ec2:${region}:*:vpc/*`],
    },
    {
      sid: 'TagSecurityGroups',
      actions: ['ec2:CreateTags'],
      resources: groups,
      conditions: { ...requested, StringEquals: { 'ec2:CreateAction': 'CreateSecurityGroup' } },
    },
    {
      sid: 'ChangeItsSecurityGroups',
      actions: ['ec2:DeleteSecurityGroup', 'ec2:CreateTags', 'ec2:DeleteTags'],
      resources: groups,
      conditions: existing,
    },
    {
      sid: 'OpenPortsOfNodes',
      actions: ['ec2:AuthorizeSecurityGroupIngress', 'ec2:RevokeSecurityGroupIngress'],
      resources: groups,
    },
    {
      sid: 'MakeLoadBalancers',
      actions: ['elasticloadbalancing:CreateLoadBalancer', 'elasticloadbalancing:CreateTargetGroup'],
      resources: balancing(balancers),
      conditions: requested,
    },
    {
      sid: 'TagWhatItMakes',
      actions: ['elasticloadbalancing:AddTags'],
      resources: balancing(balancers),
      conditions: {
        ...requested,
        StringEquals: { 'elasticloadbalancing:CreateAction': ['CreateTargetGroup', 'CreateLoadBalancer'] },
      },
    },
    {
      sid: 'ListenersAndRules',
      actions: [
        'elasticloadbalancing:AddListenerCertificates',
        'elasticloadbalancing:CreateListener',
        'elasticloadbalancing:CreateRule',
        'elasticloadbalancing:DeleteListener',
        'elasticloadbalancing:DeleteRule',
        'elasticloadbalancing:ModifyListener',
        'elasticloadbalancing:ModifyListenerAttributes',
        'elasticloadbalancing:ModifyRule',
        'elasticloadbalancing:RemoveListenerCertificates',
        'elasticloadbalancing:SetRulePriorities',
      ],
      resources: balancing([
        'loadbalancer/net/*/*',
        'loadbalancer/app/*/*',
        'listener/net/*/*/*',
        'listener/app/*/*/*',
        'listener-rule/net/*/*/*',
        'listener-rule/app/*/*/*',
      ]),
    },
    {
      sid: 'ChangeItsLoadBalancers',
      actions: [
        'elasticloadbalancing:AddTags',
        'elasticloadbalancing:DeleteLoadBalancer',
        'elasticloadbalancing:DeleteTargetGroup',
        'elasticloadbalancing:ModifyLoadBalancerAttributes',
        'elasticloadbalancing:ModifyTargetGroup',
        'elasticloadbalancing:ModifyTargetGroupAttributes',
        'elasticloadbalancing:RemoveTags',
        'elasticloadbalancing:SetIpAddressType',
        'elasticloadbalancing:SetSecurityGroups',
        'elasticloadbalancing:SetSubnets',
      ],
      resources: balancing(balancers),
      conditions: existing,
    },
    {
      sid: 'Targets',
      actions: ['elasticloadbalancing:DeregisterTargets', 'elasticloadbalancing:RegisterTargets'],
      resources: balancing(['targetgroup/*/*']),
    },
  ];
}
