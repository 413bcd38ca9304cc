/** A workload that may break one rule of the restricted Pod Security Standard. */
export interface PodSecurityException {
  readonly namespace: string;
  /** Why it cannot be otherwise, and what limits the harm. */
  readonly reason: string;
  /** The level that the namespace enforces instead. Audit and warnings stay at `restricted`. */
  readonly level: 'baseline' | 'privileged';
}

/**
 * All of them. Kubernetes sets the level per namespace, so a workload that needs one lives in a namespace of its own.
 */
export const podSecurityExceptions: readonly PodSecurityException[] = [];

/** The level that a namespace enforces. */
export function podSecurityLevel(
  namespace: string,
  exceptions: readonly PodSecurityException[] = podSecurityExceptions,
): 'restricted' | PodSecurityException['level'] {
  return exceptions.find((exception) => exception.namespace === namespace)?.level ?? 'restricted';
}
