import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import { Provider as KubernetesProvider } from '@pulumi/kubernetes/provider.js';
import { StorageClass } from '@pulumi/kubernetes/storage/v1/index.js';
import type { Input, Output, ProviderResource, Resource } from '@pulumi/pulumi';
import { BackupBucket } from '../constructs/aws/backup-bucket.ts';
import { DnsZone } from '../constructs/aws/dns-zone.ts';
import { type ClusterAccess, EksCluster } from '../constructs/aws/eks-cluster.ts';
import { GpuNodePool } from '../constructs/aws/gpu-node-pool.ts';
import { ImageRegistry } from '../constructs/aws/image-registry.ts';
import { InstalledOperators } from '../constructs/aws/installed-operators.ts';
import { gpuPool, Karpenter, type KarpenterPool, KarpenterPools } from '../constructs/aws/karpenter.ts';
import { Network } from '../constructs/aws/network.ts';
import { NodeGroup, type Purchase } from '../constructs/aws/node-group.ts';
import { NodeRole } from '../constructs/aws/node-role.ts';
import { operatorStatements } from '../constructs/aws/operator-permissions.ts';
import { inOrder, type OperatorName, operators } from '../constructs/aws/operators.ts';
import { WorkloadRole } from '../constructs/aws/workload-role.ts';
import type { Plan } from '../constructs/bridge/index.ts';
import { WiringError } from '../constructs/index.ts';
import { type AwsCloud, type GpuNodes, operatorsFor } from './aws-cloud.ts';
import { bucketUsers } from './bucket-access.ts';
import { bucketRoles } from './bucket-roles.ts';
import { type BucketPurpose, bucketName } from './buckets.ts';
import type { Environment } from './environments.ts';

/** What the cloud of a stack is made for. */
export interface CloudProps {
  readonly cloud: AwsCloud;
  readonly environment: Environment;
  /** Name of the platform: with the environment's, the name of everything. */
  readonly platform: string;
  /** What will run in it. */
  readonly plan: Plan;
  /** Domain of the platform. @default - nothing is reached by name */
  readonly domain?: string;
  readonly access: ClusterAccess;
  readonly apiServerCidrs: readonly string[];
}

/** Where the platform's objects go. */
export interface MadeCloud {
  readonly cluster: ProviderResource;
  /** Nodes, operators and roles: objects wait for them. */
  readonly ready: readonly Resource[];
  readonly outputs: {
    readonly kubeconfig: Output<string>;
    readonly buckets: Readonly<Record<BucketPurpose, Output<string>>>;
    readonly registry: Readonly<Record<string, Output<string>>>;
    /** To be entered at the parent of the domain. */
    readonly nameServers?: Output<string[]>;
  };
}

/** Images that the team builds itself. */
const ownImages = ['orchestrator', 'inference'] as const;

/** Makes everything between the account and the platform: network, cluster, nodes, buckets, registry, roles, operators. */
export function makeCloud(props: CloudProps): MadeCloud {
  const { cloud, environment, platform } = props;
  const name = `${platform}-${environment.name}`;
  const { region } = cloud;
  const tags = { 'keelson.dev/platform': platform, 'keelson.dev/environment': environment.name };
  const provider = new AwsProvider('aws', { region, defaultTags: { tags } });
  const inAws = { provider };

  const network = new Network(
    name,
    { region, clusterName: name, ...(cloud.natPerZone !== undefined && { natPerZone: cloud.natPerZone }) },
    inAws,
  );
  const cluster = new EksCluster(
    name,
    {
      network,
      access: props.access,
      publicAccessCidrs: props.apiServerCidrs,
      deletionProtection: environment.protectStateful,
    },
    inAws,
  );
  const role = new NodeRole(`${name}-nodes`, { clusterName: cluster.clusterName, admit: true }, inAws);
  const ofNodes = { clusterName: cluster.clusterName, nodeRoleArn: role.arn, subnetIds: network.privateSubnetIds };
  const { count, instanceType } = cloud.systemNodes;
  const system = new NodeGroup(
    `${name}-system`,
    {
      ...ofNodes,
      instanceTypes: [instanceType],
      minNodes: count,
      maxNodes: count + 1,
      labels: { 'keelson.dev/pool': 'system' },
    },
    { ...inAws, dependsOn: [...cluster.beforeNodes] },
  );
  const addOns = cluster.installOnNodes(name, [system.group]);
  const kubernetes = new KubernetesProvider(
    'cluster',
    { kubeconfig: cluster.kubeconfig, enableServerSideApply: true },
    // Everything in the cluster waits for its provider, and so for names, volumes and roles that work.
    { dependsOn: [...addOns] },
  );
  const karpenter = new Karpenter(
    `${name}-karpenter`,
    { clusterName: name, clusterArn: cluster.arn, region, nodeRoleArn: role.arn },
    inAws,
  );
  const zone = props.domain === undefined ? undefined : new DnsZone(name, { domain: props.domain }, inAws);
  const names = inOrder([
    ...operatorsFor(environment.capabilities, cloud),
    ...(zone === undefined ? [] : (['external-dns'] as const)),
  ]);
  const roles = operatorRoles(names, props, { name, cluster, zoneId: zone?.zoneId, inAws });
  const installed = new InstalledOperators(`${name}-operators`, {
    cluster: kubernetes,
    names,
    values: {
      karpenter: karpenter.values,
      'load-balancer-controller': { clusterName: name, region, vpcId: network.vpcId },
      'cluster-autoscaler': { autoDiscovery: { clusterName: name }, awsRegion: region },
      ...(props.domain !== undefined && {
        'external-dns': { provider: { name: 'aws' }, domainFilters: [props.domain], txtOwnerId: name, policy: 'sync' },
      }),
    },
    needs: {
      ...Object.fromEntries([...roles].map(([operator, made]) => [operator, [made]])),
      karpenter: [karpenter],
    },
  });
  const pools = new KarpenterPools(
    name,
    {
      cluster: kubernetes,
      clusterName: name,
      nodeRole: role.roleName,
      securityGroupId: cluster.securityGroupId,
      pools: karpenterPools(environment, cloud),
    },
    { dependsOn: [...installed.releases.values()] },
  );
  const groups = managedGpuPools(environment, cloud).map(
    ({ pool, nodes }) =>
      new GpuNodePool(
        `${name}-${pool.name}`,
        { ...ofNodes, pool, instanceType: nodes.instanceType, purchase: purchaseOf(nodes) },
        { ...inAws, dependsOn: [...cluster.beforeNodes] },
      ).group,
  );
  const storage = new StorageClass(
    'gp3',
    {
      metadata: { name: 'gp3', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      provisioner: 'ebs.csi.aws.com',
      parameters: { type: 'gp3', encrypted: 'true' },
      volumeBindingMode: 'WaitForFirstConsumer',
      allowVolumeExpansion: true,
      reclaimPolicy: environment.protectStateful ? 'Retain' : 'Delete',
    },
    { provider: kubernetes },
  );

  const bucketOf = (purpose: BucketPurpose, retentionDays: number): BackupBucket =>
    new BackupBucket(
      `${name}-${purpose}`,
      {
        bucketName: bucketName(environment, platform, purpose),
        region,
        retentionDays,
        forceDestroy: !environment.protectStateful,
        ...(cloud.replicaRegion !== undefined && { replicaRegion: cloud.replicaRegion }),
      },
      inAws,
    );
  const tenYears = 3650;
  const buckets = { models: bucketOf('models', tenYears), backups: bucketOf('backups', cloud.backupDays ?? 35) };
  const users = bucketRoles(bucketUsers(props.plan), { name, platform, environment, buckets, cluster, inAws });
  const registry = new ImageRegistry(name, { images: ownImages }, inAws);
  return {
    cluster: kubernetes,
    ready: [...installed.releases.values(), ...pools.pools, ...groups, ...users, storage],
    outputs: {
      kubeconfig: cluster.kubeconfig,
      buckets: { models: buckets.models.bucketName, backups: buckets.backups.bucketName },
      registry: registry.urls,
      ...(zone !== undefined && { nameServers: zone.nameServers }),
    },
  };
}

interface InAws {
  readonly provider: ProviderResource;
}

function operatorRoles(
  names: readonly OperatorName[],
  { cloud, environment, platform }: CloudProps,
  at: {
    readonly name: string;
    readonly cluster: EksCluster;
    readonly zoneId: Input<string> | undefined;
    readonly inAws: InAws;
  },
): ReadonlyMap<OperatorName, Resource> {
  const bounds = {
    clusterName: at.name,
    region: cloud.region,
    secretPrefix: `keelson/${platform}/${environment.name}`,
    ...(at.zoneId !== undefined && { zoneId: at.zoneId }),
  };
  const made = names.flatMap((operator) => {
    const statements = operatorStatements(operator, bounds);
    const { namespace, serviceAccount } = operators[operator];
    if (statements === undefined || serviceAccount === undefined) return [];
    const { clusterName, arn: clusterArn } = at.cluster;
    const props = { clusterName, clusterArn, namespace, serviceAccount, statements };
    return [[operator, new WorkloadRole(`${at.name}-${operator}`, props, at.inAws)] as const];
  });
  return new Map(made);
}

/** GPU pools with their machines; every pool has to have some. */
function gpuNodesOf(environment: Environment, cloud: AwsCloud) {
  return environment.gpuPools.map((pool) => {
    const nodes = cloud.gpuNodes[pool.name];
    if (nodes === undefined) {
      throw new WiringError(environment.name, {
        path: `cloud.gpuNodes["${pool.name}"]`,
        value: null,
        cure: 'name the instance type of the pool',
      });
    }
    return { pool, nodes };
  });
}

const managedGpuPools = (environment: Environment, cloud: AwsCloud) =>
  gpuNodesOf(environment, cloud).filter(({ nodes }) => nodes.by === 'managed-group');

function purchaseOf({ purchase, reservationId, block }: GpuNodes): Purchase {
  if (reservationId !== undefined) return { kind: 'reservation', reservationId, ...(block !== undefined && { block }) };
  return { kind: purchase === 'spot' ? 'spot' : 'on-demand' };
}

function karpenterPurchase({ purchase = 'on-demand', reservationId }: GpuNodes): KarpenterPool['purchase'] {
  const paid: KarpenterPool['purchase'] = purchase === 'spot-or-on-demand' ? ['spot', 'on-demand'] : [purchase];
  return reservationId === undefined ? paid : ['reserved', ...paid];
}

/** The pools that Karpenter serves: nodes on demand, nodes that may be taken away, and those with GPUs. */
export function karpenterPools(environment: Environment, cloud: AwsCloud): readonly KarpenterPool[] {
  const { instanceTypes, maxNodes } = cloud.workers;
  const spot: readonly KarpenterPool[] =
    environment.spot === undefined
      ? []
      : [
          {
            name: 'spot',
            instanceTypes,
            purchase: ['spot'],
            maxNodes,
            taints: (environment.spot.tolerations ?? []).map(({ key, value }) => ({
              key,
              effect: 'NoSchedule',
              ...(value !== undefined && { value }),
            })),
          },
        ];
  const gpus = gpuNodesOf(environment, cloud)
    .filter(({ nodes }) => nodes.by !== 'managed-group')
    .map(({ pool, nodes }) =>
      gpuPool(
        pool,
        nodes.instanceType,
        karpenterPurchase(nodes),
        nodes.reservationId === undefined ? [] : [nodes.reservationId],
      ),
    );
  return [{ name: 'workers', instanceTypes, purchase: ['on-demand'], maxNodes }, ...spot, ...gpus];
}
