import type { Connections } from './connections.ts';
import type { Connectable } from './workload.ts';

/** Addresses of the cluster itself: network policies name no others. */
export interface ClusterAddresses {
  /** Where the API server listens, behind its service. */
  readonly apiServer: { readonly cidr: string; readonly port: number };
  /** Addresses of the nodes. */
  readonly nodes: string;
  /**
   * Whether the kubelets' certificates come from the cluster's authority, which is then checked. @default true
   */
  readonly verifyKubelets?: boolean;
}

/** Port of the kubelet. */
const kubeletPort = 10250;

/** Lets a workload call the API server. It needs `apiAccess` as well, and a role. */
export function toApiServer(connections: Connections, source: Connectable, { apiServer }: ClusterAddresses): void {
  connections.toOutside(source, { cidr: apiServer.cidr }, apiServer.port);
}

/** Lets a workload ask the kubelets. */
export function toKubelets(connections: Connections, source: Connectable, { nodes }: ClusterAddresses): void {
  connections.toOutside(source, { cidr: nodes }, kubeletPort);
}
