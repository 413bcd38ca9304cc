import { EventRule, EventTarget } from '@pulumi/aws/cloudwatch/index.js';
import { Queue, QueuePolicy } from '@pulumi/aws/sqs/index.js';
import { CustomResource as KubernetesObject } from '@pulumi/kubernetes/apiextensions/customResource.js';
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type ProviderResource,
  type Resource,
} from '@pulumi/pulumi';
import { type GpuPool, gpuResource } from '../gpu-pool.ts';
import { WiringError } from '../problem.ts';
import { gpuNodeLabels, gpuTaint } from './gpu-node-pool.ts';
import { checkInstanceType, type InstanceTypeName, instanceTypeOf } from './instance-types.ts';
import { controllerStatements } from './karpenter-permissions.ts';
import type { NodeTaint } from './node-group.ts';
import { policyDocument } from './policy-document.ts';
import { WorkloadRole } from './workload-role.ts';

/** A pool of nodes that Karpenter makes when pods need them and takes away when none does. */
export interface KarpenterPool {
  readonly name: string;
  readonly instanceTypes: readonly [InstanceTypeName, ...InstanceTypeName[]];
  /** How the machines may be paid for; the cheapest that is to be had is taken. */
  readonly purchase: readonly ('on-demand' | 'spot' | 'reserved')[];
  /** Capacity reservations that may be used. @default - none */
  readonly reservationIds?: readonly string[];
  /** Most nodes of the largest type. */
  readonly maxNodes: number;
  /** @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly taints?: readonly NodeTaint[];
  /** Size of each node's encrypted disk, in GiB. @default 100 */
  readonly diskGibibytes?: number;
}

/** A pool with GPUs as Karpenter's pool: it starts empty and ends empty. */
export function gpuPool(
  pool: GpuPool,
  instanceType: InstanceTypeName,
  purchase: KarpenterPool['purchase'],
  reservationIds: readonly string[] = [],
): KarpenterPool {
  const [problem] = checkInstanceType(pool, instanceType);
  if (problem !== undefined) throw new WiringError(pool.name, problem);
  const { name, maxNodes } = pool;
  const taints = [gpuTaint];
  return {
    name,
    maxNodes,
    taints,
    instanceTypes: [instanceType],
    purchase,
    reservationIds,
    labels: gpuNodeLabels(pool),
    diskGibibytes: 300,
  };
}

/** The most that a pool may grow to, as Karpenter counts it. Pure. */
export function limitsOf(pool: Pick<KarpenterPool, 'instanceTypes' | 'maxNodes'>): Readonly<Record<string, string>> {
  const types = pool.instanceTypes.map(instanceTypeOf);
  const gpus = Math.max(...types.map(({ gpu }) => gpu?.count ?? 0));
  return {
    cpu: String(pool.maxNodes * Math.max(...types.map(({ vcpus }) => vcpus))),
    memory: `${pool.maxNodes * Math.max(...types.map(({ memory }) => memory))}Gi`,
    ...(gpus > 0 && { [gpuResource({})]: String(pool.maxNodes * gpus) }),
  };
}

/** The `NodePool` object of a pool. Pure. */
export function nodePoolSpec(pool: KarpenterPool): Readonly<Record<string, unknown>> {
  const requirement = (key: string, values: readonly string[]) => ({ key, operator: 'In', values: [...values] });
  const hasGpu = pool.instanceTypes.some((type) => instanceTypeOf(type).gpu !== undefined);
  return {
    template: {
      metadata: { labels: { ...pool.labels } },
      spec: {
        nodeClassRef: { group: 'karpenter.k8s.aws', kind: 'EC2NodeClass', name: pool.name },
        requirements: [
          requirement('kubernetes.io/arch', ['amd64']),
          requirement('karpenter.sh/capacity-type', pool.purchase),
          requirement('node.kubernetes.io/instance-type', pool.instanceTypes),
        ],
        taints: (pool.taints ?? []).map((taint) => ({ ...taint })),
        // Nodes are replaced every two weeks, with a system that is up to date.
        expireAfter: '336h',
        terminationGracePeriod: '1h',
      },
    },
    limits: limitsOf(pool),
    disruption: {
      // Moving a model costs minutes of loading: a node with GPUs goes when it is empty, not when it could be a little smaller.
      consolidationPolicy: hasGpu ? 'WhenEmpty' : 'WhenEmptyOrUnderutilized',
      consolidateAfter: hasGpu ? '5m' : '1m',
      budgets: [{ nodes: '10%' }],
    },
  };
}

/** The `EC2NodeClass` object of a pool: what its machines are made from. Pure but for the names that it is given. */
export function nodeClassSpec(
  pool: KarpenterPool,
  around: { readonly clusterName: string; readonly nodeRole: Input<string>; readonly securityGroupId: Input<string> },
): Readonly<Record<string, unknown>> {
  return {
    // Amazon Linux 2023 with the driver where there is a GPU; a later system is a change that a preview shows (seen pinned, 2026-11).
    amiSelectorTerms: [{ alias: 'al2023@v20260903' }],
    role: around.nodeRole,
    subnetSelectorTerms: [{ tags: { 'karpenter.sh/discovery': around.clusterName } }],
    securityGroupSelectorTerms: [{ id: around.securityGroupId }],
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [
      {
        deviceName: '/dev/xvda',
        ebs: {
          volumeSize: `${pool.diskGibibytes ?? 100}Gi`,
          volumeType: 'gp3',
          encrypted: true,
          deleteOnTermination: true,
        },
      },
    ],
    detailedMonitoring: true,
    tags: { 'karpenter.sh/discovery': around.clusterName },
    ...((pool.reservationIds ?? []).length > 0 && {
      capacityReservationSelectorTerms: (pool.reservationIds ?? []).map((id) => ({ id })),
    }),
  };
}

/** Properties of {@link Karpenter}. */
export interface KarpenterProps {
  readonly clusterName: string;
  readonly clusterArn: Input<string>;
  readonly region: string;
  readonly nodeRoleArn: Input<string>;
}

/** Events of EC2 after which Karpenter has to move pods: capacity that is taken back, machines that stop or are about to be repaired. */
const events = {
  interruption: { source: ['aws.ec2'], 'detail-type': ['EC2 Spot Instance Interruption Warning'] },
  rebalance: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance Rebalance Recommendation'] },
  state: { source: ['aws.ec2'], 'detail-type': ['EC2 Instance State-change Notification'] },
  health: { source: ['aws.health'], 'detail-type': ['AWS Health Event'] },
} as const;

/** What Karpenter needs in AWS: its role, and a queue that tells it of machines that are about to go. */
export class Karpenter extends ComponentResource {
  /** Values of its chart. */
  readonly values: Readonly<Record<string, Input<unknown>>>;
  readonly role: WorkloadRole;

  constructor(name: string, props: KarpenterProps, options?: ComponentResourceOptions) {
    super('keelson:aws:Karpenter', name, {}, options);
    const { clusterName, clusterArn, region, nodeRoleArn } = props;
    const parent = { parent: this };
    const queue = new Queue(
      name,
      { name: `${clusterName}-karpenter`, messageRetentionSeconds: 300, sqsManagedSseEnabled: true },
      parent,
    );
    const policy = policyDocument([
      {
        actions: ['sqs:SendMessage'],
        services: ['events.amazonaws.com', 'sqs.amazonaws.com'],
        resources: [queue.arn],
      },
      {
        effect: 'Deny',
        everybody: true,
        actions: ['sqs:*'],
        resources: [queue.arn],
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      },
    ]);
    new QueuePolicy(name, { queueUrl: queue.url, policy }, parent);
    for (const [event, pattern] of Object.entries(events)) {
      const rule = new EventRule(`${name}-${event}`, { eventPattern: JSON.stringify(pattern) }, parent);
      new EventTarget(`${name}-${event}`, { rule: rule.name, arn: queue.arn }, parent);
    }
    this.role = new WorkloadRole(
      name,
      {
        clusterName,
        clusterArn,
        namespace: 'kube-system',
        serviceAccount: 'karpenter',
        statements: controllerStatements({ clusterName, clusterArn, region, nodeRoleArn, queueArn: queue.arn }),
      },
      parent,
    );
    this.values = { settings: { clusterName, interruptionQueue: queue.name } };
    this.registerOutputs({});
  }
}

/** Pools as Karpenter's objects in the cluster. */
export class KarpenterPools extends ComponentResource {
  readonly pools: readonly Resource[];

  constructor(
    name: string,
    props: {
      readonly cluster: ProviderResource;
      readonly clusterName: string;
      readonly nodeRole: Input<string>;
      readonly securityGroupId: Input<string>;
      readonly pools: readonly KarpenterPool[];
    },
    options?: ComponentResourceOptions,
  ) {
    super('keelson:aws:KarpenterPools', name, {}, { ...options, providers: [props.cluster] });
    // dependsOn of a component does not reach its children.
    const shared = {
      parent: this,
      provider: props.cluster,
      ...(options?.dependsOn !== undefined && { dependsOn: options.dependsOn }),
    };
    this.pools = props.pools.map((pool) => {
      const metadata = { name: pool.name };
      const nodeClass = new KubernetesObject(
        `${name}-${pool.name}-class`,
        { apiVersion: 'karpenter.k8s.aws/v1', kind: 'EC2NodeClass', metadata, spec: nodeClassSpec(pool, props) },
        shared,
      );
      return new KubernetesObject(
        `${name}-${pool.name}`,
        { apiVersion: 'karpenter.sh/v1', kind: 'NodePool', metadata, spec: nodePoolSpec(pool) },
        { parent: this, provider: props.cluster, dependsOn: [nodeClass] },
      );
    });
    this.registerOutputs({});
  }
}
