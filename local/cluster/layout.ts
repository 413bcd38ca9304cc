import { createHash } from 'node:crypto';
import path from 'node:path';

/** The fixed facts of the node's own network. It exists in the node's namespaces only, so it cannot collide with the host's. */
export const network = {
  nodeAddress: '10.250.0.1',
  apiPort: 6443,
  podSubnet: '10.244.0.0/16',
  serviceSubnet: '10.96.0.0/12',
  dnsAddress: '10.96.0.10',
} as const;

/** Name of the node, of the kubeconfig's context and of the cluster. */
export const nodeName = 'keelson';

/** The images' Kubernetes version; kubeadm refuses binaries of another one. */
export const kubernetesVersion = 'v1.35.4';

/** Where one cluster keeps what has to last, below the project's state folder. */
export interface ClusterLayout {
  /** Name of the cluster within its state folder. */
  readonly name: string;
  /** All of the cluster's state. */
  readonly folder: string;
  /** Bound into the node; see `node/boot`. */
  readonly node: string;
  /** Process 1 of the running node. */
  readonly nodeRecord: string;
  /** The relays that run and their ports. */
  readonly relayRecord: string;
  /** Administrator's kubeconfig, which reaches the API server through the relay. */
  readonly kubeconfig: string;
  readonly log: string;
}

export function clusterLayout(stateFolder: string, name = 'default'): ClusterLayout {
  const folder = path.join(stateFolder, 'clusters', name);
  return {
    name,
    folder,
    node: path.join(folder, 'node'),
    nodeRecord: path.join(folder, 'node.json'),
    relayRecord: path.join(folder, 'relays.json'),
    kubeconfig: path.join(folder, 'kubeconfig'),
    log: path.join(folder, 'node.log'),
  };
}

/** The cgroup of a cluster, directly below the root of each hierarchy: another one for each folder, so that several fit side by side. */
export function cgroupName(layout: ClusterLayout): string {
  return `keelson-${layout.name}-${createHash('sha256').update(layout.folder).digest('hex').slice(0, 8)}`;
}
