/** Minor version of Kubernetes on EKS: the one of the embedded cluster, so that the same API is tested on both. */
export const kubernetesVersion = '1.35';

/** An add-on of EKS, at a version that goes with {@link kubernetesVersion}. */
export interface AddOn {
  readonly name: string;
  readonly version: string;
  /** Settings in the add-on's own schema. @default - its defaults */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Service account that gets a role, and the managed policy of AWS that it needs. @default - it calls nothing of AWS */
  readonly identity?: { readonly serviceAccount: string; readonly managedPolicy: string };
  /** Whether it has to be there before nodes can work. */
  readonly beforeNodes: boolean;
}

/**
 * Add-ons of every cluster. Versions: what EKS 1.35 takes, each seen pinned for 1.35 in at least two public repositories (2026-11);
 * `aws eks describe-addon-versions --kubernetes-version 1.35` lists newer ones.
 */
export const addOns = [
  {
    name: 'vpc-cni',
    version: 'v1.22.4-eksbuild.3',
    beforeNodes: true,
    // Without this the network policies of the platform would be objects that nobody enforces. Prefixes let more pods onto a node.
    configuration: { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } },
    identity: { serviceAccount: 'aws-node', managedPolicy: 'AmazonEKS_CNI_Policy' },
  },
  { name: 'kube-proxy', version: 'v1.35.3-eksbuild.18', beforeNodes: true },
  { name: 'eks-pod-identity-agent', version: 'v1.3.10-eksbuild.3', beforeNodes: true },
  { name: 'coredns', version: 'v1.14.3-eksbuild.3', beforeNodes: false },
  {
    name: 'aws-ebs-csi-driver',
    version: 'v1.63.1-eksbuild.1',
    beforeNodes: false,
    identity: { serviceAccount: 'ebs-csi-controller-sa', managedPolicy: 'service-role/AmazonEBSCSIDriverPolicy' },
  },
] as const satisfies readonly AddOn[];
