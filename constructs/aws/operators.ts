/** A program that adds kinds of objects to the cluster, or acts on them: a Helm chart at a pinned version. */
export interface Operator {
  readonly chart: string;
  readonly version: string;
  /** Address of the chart repository; absent where `chart` is an OCI address. */
  readonly repository?: string;
  readonly namespace: string;
  /** Operators that have to work before this one is installed. @default - none */
  readonly after?: readonly OperatorName[];
  /** Service account that calls AWS, where there is one. */
  readonly serviceAccount?: string;
  /** Values that hold wherever it is installed. @default - the chart's own */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** Name of an operator of the catalogue. */
export type OperatorName =
  | 'load-balancer-controller'
  | 'karpenter'
  | 'cluster-autoscaler'
  | 'cert-manager'
  | 'external-secrets'
  | 'external-dns'
  | 'gateway'
  | 'keda'
  | 'gpu-operator'
  | 'cloudnative-pg'
  | 'argo-rollouts'
  | 'leader-worker-set'
  | 'milvus-operator'
  | 'metrics-server';

/**
 * The operators. Versions: each seen in at least two public repositories with its `helm install` line (2026-11), unless another source stands
 * beside it.
 */
export const operators: Readonly<Record<OperatorName, Operator>> = {
  'metrics-server': {
    chart: 'metrics-server',
    version: '3.13.0',
    repository: 'https://kubernetes-sigs.github.io/metrics-server/',
    namespace: 'kube-system',
  },
  'load-balancer-controller': {
    chart: 'aws-load-balancer-controller',
    version: '1.14.0',
    repository: 'https://aws.github.io/eks-charts',
    namespace: 'kube-system',
    serviceAccount: 'aws-load-balancer-controller',
  },
  karpenter: {
    chart: 'oci://public.ecr.aws/karpenter/karpenter',
    version: '1.14.1',
    namespace: 'kube-system',
    serviceAccount: 'karpenter',
  },
  'cluster-autoscaler': {
    chart: 'cluster-autoscaler',
    version: '9.59.0',
    repository: 'https://kubernetes.github.io/autoscaler',
    namespace: 'kube-system',
    serviceAccount: 'cluster-autoscaler',
  },
  'cert-manager': {
    chart: 'cert-manager',
    version: 'v1.20.2',
    repository: 'https://charts.jetstack.io',
    namespace: 'cert-manager',
    values: { crds: { enabled: true, keep: true } },
  },
  'external-secrets': {
    chart: 'external-secrets',
    version: '2.5.0',
    repository: 'https://charts.external-secrets.io',
    namespace: 'external-secrets',
    serviceAccount: 'external-secrets',
    values: { installCRDs: true },
  },
  'external-dns': {
    chart: 'external-dns',
    version: '1.20.0',
    repository: 'https://kubernetes-sigs.github.io/external-dns/',
    namespace: 'external-dns',
    serviceAccount: 'external-dns',
  },
  gateway: {
    chart: 'oci://docker.io/envoyproxy/gateway-helm',
    version: 'v1.8.3',
    namespace: 'envoy-gateway-system',
    after: ['cert-manager', 'load-balancer-controller'],
  },
  keda: {
    chart: 'keda',
    version: '2.20.1',
    repository: 'https://kedacore.github.io/charts',
    namespace: 'keda',
    after: ['metrics-server'],
  },
  'gpu-operator': {
    chart: 'gpu-operator',
    version: 'v26.3.3',
    repository: 'https://helm.ngc.nvidia.com/nvidia',
    namespace: 'gpu-operator',
    // The nodes' image brings driver and container toolkit; the operator adds the device plugin, its partitions, and the exporter.
    values: { driver: { enabled: false }, toolkit: { enabled: false }, mig: { strategy: 'mixed' } },
  },
  'cloudnative-pg': {
    chart: 'cloudnative-pg',
    version: '0.29.0',
    repository: 'https://cloudnative-pg.github.io/charts',
    namespace: 'cnpg-system',
    after: ['cert-manager'],
  },
  'argo-rollouts': {
    chart: 'argo-rollouts',
    version: '2.41.1',
    repository: 'https://argoproj.github.io/argo-helm',
    namespace: 'argo-rollouts',
  },
  'leader-worker-set': {
    chart: 'oci://registry.k8s.io/lws/charts/lws',
    version: '0.6.1',
    namespace: 'lws-system',
    after: ['cert-manager'],
  },
  'milvus-operator': {
    chart: 'milvus-operator',
    // The version that the upgrade guide of Milvus names as its least (milvus.io/docs, "Upgrade with Milvus Operator").
    version: '1.3.4',
    repository: 'https://zilliztech.github.io/milvus-operator/',
    namespace: 'milvus-operator',
    after: ['cert-manager'],
  },
};

/** The operators with all that they come after, each once, and none before what it comes after. */
export function inOrder(names: Iterable<OperatorName>): readonly OperatorName[] {
  const ordered = new Set<OperatorName>();
  const visit = (name: OperatorName): void => {
    if (ordered.has(name)) return;
    for (const earlier of operators[name].after ?? []) visit(earlier);
    ordered.add(name);
  };
  for (const name of [...new Set(names)].sort()) visit(name);
  return [...ordered];
}
