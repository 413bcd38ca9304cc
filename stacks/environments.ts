import type { GatewayForm, GpuPool, Hardening, Placement } from '../constructs/index.ts';
import type { AwsCloud } from './aws-cloud.ts';

/** Name of an environment: the part of a stack's name after the dot. */
export type EnvironmentName = 'local' | 'dev' | 'staging' | 'prod';

/** What a cluster offers beyond plain Kubernetes. Components choose their form by it. */
export type Capability =
  /** Images of public registries can be pulled. */
  | 'publicImages'
  /** Pods that are allowed to reach addresses outside. */
  | 'internet'
  /** Names in the public DNS lead to it. */
  | 'publicHost'
  /** Nodes that cost less and may be taken away. */
  | 'spot'
  | 'timescaledb'
  | 'keda'
  | 'cloudnativepg'
  | 'volumeSnapshots'
  | 'externalSecrets'
  | 'milvusStandalone'
  | 'loadBalancer'
  | 'certManager'
  | 'gatewayApi'
  | 'argoRollouts'
  | 'leaderWorkerSet'
  | 'milvusOperator'
  | 'gpu';

/** Where the cluster runs. */
export type Cloud = { readonly kind: 'embedded' } | AwsCloud;

/** Buckets of the environment, as the cloud resources of the stack make them. */
export interface Buckets {
  readonly region: string;
  /** What stands before the name of each: names of buckets are unique in the world. */
  readonly prefix: string;
}

/** How the public reaches the platforms. */
export interface Exposure {
  /** What carries the traffic in. */
  readonly form: GatewayForm;
  /** Hosts of platforms lie below it. A stack's configuration may name another: `keelson:domain`. */
  readonly domain: string;
  /** Whether a host that a platform itself names is used as it is, or below the domain. */
  readonly ownHosts: boolean;
  /** Issuer of cert-manager for the certificates. */
  readonly issuer: string;
}

/** Platforms give their sizes per scale, so that an environment says only how big it is. */
export type Scale = 'small' | 'medium' | 'large';

/** A component of a platform that an environment has in another form, or not at all. */
export interface Replacement {
  /** The component, as the platform's guide calls it. */
  readonly component: string;
  /** What stands in for it; absent where nothing does. */
  readonly by?: string;
  readonly reason: string;
}

/** Where a platform is deployed: data only. */
export interface Environment {
  readonly name: EnvironmentName;
  readonly cloud: Cloud;
  readonly scale: Scale;
  /** Replicas of what keeps no state. */
  readonly replicas: number;
  readonly capabilities: ReadonlySet<Capability>;
  /** Nodes with GPUs: what no pool can hold is refused at synth. */
  readonly gpuPools: readonly GpuPool[];
  /** Nodes that may be taken away at short notice. @default - none: everything runs on the same nodes */
  readonly spot?: Placement;
  /** @default - there are none */
  readonly buckets?: Buckets;
  /** @default - ports of the machine lead to it, and nothing else does */
  readonly exposure?: Exposure;
  /** Network of the cluster's nodes, where its API server and its kubelets answer. @default - pods reach neither, and ask neither */
  readonly clusterCidr?: string;
  /** How pods run here, beyond what always holds. @default - requests below limits, images pulled once */
  readonly hardening?: Hardening;
  /** Storage class of volumes; absent means the cluster's default. */
  readonly storageClass?: string;
  /** Context of the kubeconfig; absent means its current one, which the stack's configuration should then name. */
  readonly kubeContext?: string;
  /** Address under which a person reaches the platform, by port; absent where an ingress decides. */
  readonly host?: string;
  /** Whether Pulumi refuses to delete or replace what holds data. */
  readonly protectStateful: boolean;
  /** How long metrics are kept, in days. */
  readonly metricsRetentionDays: number;
  readonly replacements: readonly Replacement[];
}

const noPackage =
  'it is published as images and vendor downloads only, and this environment starts from package registries';

const local: Environment = {
  name: 'local',
  cloud: { kind: 'embedded' },
  scale: 'small',
  replicas: 1,
  capabilities: new Set(),
  gpuPools: [],
  // Never the current context: a kubeconfig that points elsewhere must fail rather than be deployed to.
  kubeContext: 'keelson',
  host: '127.0.0.1',
  protectStateful: false,
  metricsRetentionDays: 2,
  replacements: [
    { component: 'Qdrant', by: 'Milvus Lite', reason: noPackage },
    { component: 'Milvus', by: 'Milvus Lite', reason: noPackage },
    {
      component: 'TimescaleDB hypertables',
      by: 'native partitions of PostgreSQL',
      reason: 'the extension is in no package registry; the schema is the same for the application',
    },
    { component: 'Grafana', reason: `${noPackage}; Prometheus answers queries itself` },
    { component: 'Jan', reason: noPackage },
    {
      component: 'Ollama',
      reason: 'its models come from a vendor site; without any LLM, answers are taken from the passages',
    },
    {
      component: 'vLLM on GPUs',
      by: 'the inference server on the CPU',
      reason: 'there is no GPU; what talks to it has the same address and the same embeddings API',
    },
    {
      component: 'Language models of providers',
      by: 'a stand-in whose answers are always the same',
      reason: 'nothing leaves the machine; the gateway and what is built on it can be used all the same',
    },
  ],
};

const aws: AwsCloud = {
  kind: 'aws',
  region: 'eu-central-1',
  natPerZone: false,
  systemNodes: { instanceType: 'm7i.large', count: 2 },
  workers: { instanceTypes: ['m7i.xlarge', 'm7i.2xlarge', 'r7i.xlarge', 'c7i.2xlarge'], maxNodes: 10 },
  gpuNodes: { 'gpu-l4': { instanceType: 'g6.2xlarge', purchase: 'spot-or-on-demand' } },
  backupDays: 14,
};

/** As above, with a way out for each zone, on demand, and a copy of every backup in a second region. */
const awsForProduction: AwsCloud = {
  ...aws,
  replicaRegion: 'eu-west-1',
  natPerZone: true,
  systemNodes: { instanceType: 'm7i.xlarge', count: 3 },
  workers: { instanceTypes: ['m7i.2xlarge', 'm7i.4xlarge', 'r7i.2xlarge', 'c7i.4xlarge'], maxNodes: 20 },
  gpuNodes: { 'gpu-l4': { instanceType: 'g6.2xlarge' } },
  backupDays: 35,
};

/** Nodes with one L4 each: a language model of 7 billion weights fits on one. */
const l4 = (maxNodes: number): GpuPool => ({ name: 'gpu-l4', gpu: 'l4', gpusPerNode: 1, maxNodes });

/** As Karpenter labels nodes by how they are paid for (karpenter.sh, well-known labels, 2026-11), with the pool's own taint. */
const spot: Placement = {
  nodeSelector: { 'karpenter.sh/capacity-type': 'spot' },
  tolerations: [{ key: 'keelson.dev/spot', value: 'true' }],
};

/** Domains of RFC 2606: they belong to nobody, so a stack names one of its own. */
const exposure = (domain: string): Exposure => ({
  form: { kind: 'gateway-api' },
  domain,
  ownHosts: false,
  issuer: 'letsencrypt',
});

/** The network that constructs/aws/network.ts makes where nobody asks for another one. */
const clusterCidr = '10.0.0.0/16';

const cloudCapabilities: readonly Capability[] = [
  'publicImages',
  'internet',
  'publicHost',
  'spot',
  'timescaledb',
  'keda',
  'certManager',
  'externalSecrets',
  'gatewayApi',
  'loadBalancer',
  'gpu',
];

const dev: Environment = {
  name: 'dev',
  cloud: aws,
  scale: 'small',
  replicas: 1,
  capabilities: new Set(cloudCapabilities),
  gpuPools: [l4(10)],
  clusterCidr,
  spot,
  buckets: { region: aws.region, prefix: 'keelson-dev' },
  exposure: exposure('dev.keelson.example'),
  hardening: { pullPolicy: 'Always' },
  storageClass: 'gp3',
  protectStateful: false,
  metricsRetentionDays: 7,
  replacements: [
    { component: 'Milvus', by: 'Milvus Lite', reason: 'one process is enough for the data of a developer' },
  ],
};

const staging: Environment = {
  name: 'staging',
  cloud: awsForProduction,
  scale: 'medium',
  replicas: 2,
  capabilities: new Set<Capability>([...cloudCapabilities, 'volumeSnapshots', 'milvusStandalone', 'leaderWorkerSet']),
  gpuPools: [l4(10)],
  clusterCidr,
  spot,
  buckets: { region: aws.region, prefix: 'keelson-staging' },
  exposure: exposure('staging.keelson.example'),
  hardening: { quality: 'guaranteed', pullPolicy: 'Always' },
  storageClass: 'gp3',
  protectStateful: true,
  metricsRetentionDays: 15,
  replacements: [],
};

const prod: Environment = {
  ...staging,
  name: 'prod',
  scale: 'large',
  replicas: 3,
  gpuPools: [l4(12)],
  buckets: { region: aws.region, prefix: 'keelson-prod' },
  exposure: { ...exposure('keelson.example'), ownHosts: true },
  metricsRetentionDays: 30,
};

/** All environments by name. */
export const environments: Readonly<Record<EnvironmentName, Environment>> = { local, dev, staging, prod };

/** Whether a text names an environment. */
export function isEnvironmentName(text: string): text is EnvironmentName {
  return Object.hasOwn(environments, text);
}
