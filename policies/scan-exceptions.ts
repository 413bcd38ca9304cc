/** A finding of the scanner that stays. */
export interface ScanException {
  /** Id of the check, as kube-score names it. */
  readonly check: string;
  readonly stack: string;
  readonly kind: string;
  readonly name: string;
  /** Why it cannot be otherwise, and what limits the harm. */
  readonly reason: string;
}

/**
 * All of them, ten at most. They stand here rather than in annotations, so that they are read together, and so that nothing in the
 * cluster tells a scanner to look away.
 */
export const scanExceptions: readonly ScanException[] = [
  {
    check: 'deployment-replicas',
    stack: 'three-version.prod',
    kind: 'Deployment',
    name: 'platform-v3-api',
    reason:
      'The quarantine gets minimal resources by its guide: one person looks at a time, and a restart of seconds does no harm.',
  },
];
