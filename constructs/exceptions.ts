/** Workloads that may break some rule of the restricted Pod Security Standard. */
export interface PodSecurityException {
  /** The workload. */
  readonly workload: string;
  /** Namespaces that it runs in: this name, or any that ends in a hyphen and this name. */
  readonly namespace: string;
  /** Why it cannot be otherwise, and what limits the harm. */
  readonly reason: string;
  /** The level that the namespace enforces instead. Audit and warnings stay at `restricted`. */
  readonly level: 'baseline' | 'privileged';
}

/** What the namespace of a platform's node agents is called after the platform: `qratum-node-agents`. */
export const nodeAgents = 'node-agents';

/**
 * All of them. Kubernetes sets the level per namespace, so agents that need one live in a namespace of their own, where
 * nothing else runs.
 */
export const podSecurityExceptions: readonly PodSecurityException[] = [
  {
    workload: 'node-exporter',
    namespace: nodeAgents,
    level: 'privileged',
    reason:
      'It reads the counters of the node in /proc, /sys and /, which only a host path can show. It mounts them read-only, runs as a user of its own without capabilities, shares none of the host namespaces, and only Prometheus may reach it.',
  },
  {
    workload: 'dcgm-exporter',
    namespace: nodeAgents,
    level: 'privileged',
    reason:
      'Only where it tells pods apart: which pod has which GPU, it reads from a socket of the kubelet that belongs to root. It mounts that folder read-only, has no capabilities, cannot gain any, and only Prometheus may reach it.',
  },
];

/** The level that a namespace enforces. */
export function podSecurityLevel(
  namespace: string,
  exceptions: readonly PodSecurityException[] = podSecurityExceptions,
): 'restricted' | PodSecurityException['level'] {
  const levels = exceptions.filter((exception) => isIn(namespace, exception)).map(({ level }) => level);
  if (levels.includes('privileged')) return 'privileged';
  return levels.includes('baseline') ? 'baseline' : 'restricted';
}

/** Whether a namespace is one of those that an exception names. */
export function isIn(namespace: string, exception: Pick<PodSecurityException, 'namespace'>): boolean {
  return namespace === exception.namespace || namespace.endsWith(`-${exception.namespace}`);
}
