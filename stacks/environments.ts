/** Name of an environment: the part of a stack's name after the dot. */
export type EnvironmentName = 'local' | 'dev' | 'staging' | 'prod';

/** What a cluster offers beyond plain Kubernetes. Components choose their form by it. */
export type Capability =
  | 'timescaledb'
  | 'keda'
  | 'cloudnativepg'
  | 'volumeSnapshots'
  | 'externalSecrets'
  | 'milvusStandalone'
  | 'loadBalancer'
  | 'gpu';

/** Where the cluster runs. */
export type Cloud = { readonly kind: 'embedded' } | { readonly kind: 'aws'; readonly region: string };

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
  ],
};

const aws: Cloud = { kind: 'aws', region: 'eu-central-1' };

const dev: Environment = {
  name: 'dev',
  cloud: aws,
  scale: 'small',
  replicas: 1,
  capabilities: new Set(['timescaledb', 'keda', 'externalSecrets', 'loadBalancer', 'gpu']),
  storageClass: 'gp3',
  protectStateful: false,
  metricsRetentionDays: 7,
  replacements: [
    { component: 'Milvus', by: 'Milvus Lite', reason: 'one process is enough for the data of a developer' },
  ],
};

const staging: Environment = {
  name: 'staging',
  cloud: aws,
  scale: 'medium',
  replicas: 2,
  capabilities: new Set([
    'timescaledb',
    'keda',
    'cloudnativepg',
    'volumeSnapshots',
    'externalSecrets',
    'milvusStandalone',
    'loadBalancer',
    'gpu',
  ]),
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
  metricsRetentionDays: 30,
};

/** All environments by name. */
export const environments: Readonly<Record<EnvironmentName, Environment>> = { local, dev, staging, prod };

/** Whether a text names an environment. */
export function isEnvironmentName(text: string): text is EnvironmentName {
  return Object.hasOwn(environments, text);
}
