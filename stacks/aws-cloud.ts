import type { InstanceTypeName } from '../constructs/aws/instance-types.ts';
import type { OperatorName } from '../constructs/aws/operators.ts';
import type { Capability } from './environments.ts';

/** How the machines of a GPU pool come to be. */
export interface GpuNodes {
  readonly instanceType: InstanceTypeName;
  /** Karpenter makes and takes single machines; a managed group is what capacity blocks need. @default 'karpenter' */
  readonly by?: 'karpenter' | 'managed-group';
  /** How they may be paid for. @default - on demand */
  readonly purchase?: 'on-demand' | 'spot' | 'spot-or-on-demand';
  /** Id of reserved capacity to use first. @default - none */
  readonly reservationId?: string;
  /** Whether the reservation is a capacity block; only with a managed group. @default false */
  readonly block?: boolean;
}

/** An environment's part of AWS: data only. */
export interface AwsCloud {
  readonly kind: 'aws';
  readonly region: string;
  /** Keeps a copy of every backup. @default - none */
  readonly replicaRegion?: string;
  /** Whether each zone has its own way out. @default true */
  readonly natPerZone?: boolean;
  /** Nodes for the cluster's own programs. */
  readonly systemNodes: { readonly instanceType: InstanceTypeName; readonly count: number };
  /** Machines for pods without a GPU, made when they are needed. */
  readonly workers: {
    readonly instanceTypes: readonly [InstanceTypeName, ...InstanceTypeName[]];
    readonly maxNodes: number;
  };
  /** Machines by the name of the environment's GPU pool. */
  readonly gpuNodes: Readonly<Record<string, GpuNodes>>;
  /** Days that backups are kept. @default 35 */
  readonly backupDays?: number;
}

/** What brings a capability into a cluster. Those that come with EKS itself, or with the images, need nothing. */
const providers: Readonly<Partial<Record<Capability, readonly OperatorName[]>>> = {
  keda: ['keda'],
  certManager: ['cert-manager'],
  externalSecrets: ['external-secrets'],
  gatewayApi: ['gateway'],
  loadBalancer: ['load-balancer-controller'],
  argoRollouts: ['argo-rollouts'],
  leaderWorkerSet: ['leader-worker-set'],
  cloudnativepg: ['cloudnative-pg'],
  milvusOperator: ['milvus-operator'],
  gpu: ['gpu-operator'],
};

/** Operators of a cluster with these capabilities. */
export function operatorsFor(capabilities: ReadonlySet<Capability>, cloud: AwsCloud): readonly OperatorName[] {
  const managed = Object.values(cloud.gpuNodes).some(({ by }) => by === 'managed-group');
  return [
    'metrics-server',
    'karpenter',
    ...(managed ? (['cluster-autoscaler'] as const) : []),
    ...[...capabilities].flatMap((capability) => providers[capability] ?? []),
  ];
}
