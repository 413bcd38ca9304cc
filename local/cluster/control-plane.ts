import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { type ClusterLayout, kubernetesVersion, network, nodeName } from './layout.ts';
import type { Node } from './node.ts';

/** Folders of the node's state that belong to one life of the control plane, and begin anew together. */
const controlPlaneState = ['kubernetes', 'etcd', 'kubelet'] as const;

/**
 * What kubeadm is told. The add-ons come as manifests of our own: kubeadm's DNS forwards to the host's resolvers, which the node
 * cannot reach, and its kube-proxy needs an image with iptables, while the node has it already.
 */
export function kubeadmConfiguration(): string {
  const documents: object[] = [
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      localAPIEndpoint: { advertiseAddress: network.nodeAddress, bindPort: network.apiPort },
      nodeRegistration: {
        name: nodeName,
        criSocket: 'unix:///run/containerd/containerd.sock',
        imagePullPolicy: 'Never',
        taints: [],
        kubeletExtraArgs: [{ name: 'node-ip', value: network.nodeAddress }],
      },
      skipPhases: ['preflight', 'show-join-command', 'addon/kube-proxy', 'addon/coredns'],
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      kubernetesVersion,
      clusterName: nodeName,
      imageRepository: 'keelson.local',
      controlPlaneEndpoint: `${network.nodeAddress}:${network.apiPort}`,
      networking: { podSubnet: network.podSubnet, serviceSubnet: network.serviceSubnet },
      // The relay listens on the host's loopback, and clients check the name that they call.
      apiServer: { certSANs: ['127.0.0.1', 'localhost'] },
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
      failSwapOn: false,
      // The node may lack CAP_SYS_RESOURCE; this gate makes the kubelet tolerate what it then cannot set.
      featureGates: { KubeletInUserNamespace: true },
      clusterDNS: [network.dnsAddress],
      // Every image is imported and none can be pulled again, so none may be collected.
      imageGCHighThresholdPercent: 100,
      // A laptop's disk is often fuller than the share of it at which a server would evict pods.
      evictionHard: { 'nodefs.available': '1Gi', 'imagefs.available': '1Gi', 'memory.available': '100Mi' },
    },
  ];
  return documents.map((document) => stringify(document)).join('---\n');
}

/** Whether the control plane was set up to the end; what a killed set-up left does not count. */
export function isInitialised(layout: ClusterLayout): boolean {
  return existsSync(path.join(layout.node, 'kubernetes', 'node-agents.conf'));
}

/** Removes what an interrupted set-up left. The node must not run. */
export function discardHalfInitialised(layout: ClusterLayout): void {
  if (isInitialised(layout)) return;
  for (const part of controlPlaneState) rmSync(path.join(layout.node, part), { recursive: true, force: true });
}

/**
 * Sets the control plane up with kubeadm: certificates, static pods, kubelet, and the identity of the node's own agents, whose
 * kubeconfig is written last and so marks the set-up as complete.
 *
 * @throws Error with the end of kubeadm's output.
 */
export async function initialise(node: Node, layout: ClusterLayout): Promise<void> {
  mkdirSync(path.join(layout.node, 'kubernetes'), { recursive: true });
  writeFileSync(path.join(layout.node, 'kubernetes', 'kubeadm.yaml'), kubeadmConfiguration(), { mode: 0o600 });
  const agents = '/etc/kubernetes/node-agents.conf';
  const steps = [
    'kubeadm init --config /etc/kubernetes/kubeadm.yaml',
    `kubeadm kubeconfig user --config /etc/kubernetes/kubeadm.yaml --client-name keelson:node-agent --org keelson:node-agents > ${agents}.new`,
    `mv ${agents}.new ${agents}`,
  ];
  const result = await node.run(['sh', '-ec', `exec 2>&1\n${steps.join('\n')}`]);
  if (result.exitCode !== 0) {
    throw new Error(
      `kubeadm could not set the control plane up:\n${result.stdout.trim().split('\n').slice(-12).join('\n')}`,
    );
  }
}
