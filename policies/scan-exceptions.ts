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
  {
    check: 'deployment-replicas',
    stack: 'multi-agent-rag.prod',
    kind: 'Deployment',
    name: 'ollama',
    reason:
      'A second replica is a second GPU that idles: while this one starts, requests go to the other local server, and those that may leave go to the next tier.',
  },
  {
    check: 'deployment-replicas',
    stack: 'multi-agent-rag.prod',
    kind: 'Deployment',
    name: 'jan',
    reason: 'As with ollama, whose place it takes and which takes its place: the two are each other’s second replica.',
  },
  {
    check: 'deployment-replicas',
    stack: 'counterfactual-lab.prod',
    kind: 'Deployment',
    name: 'generator',
    reason:
      'A second replica is a second GPU that idles: variants are made in batches, and one that waits for a restart is made after it.',
  },
  {
    check: 'deployment-replicas',
    stack: 'quantum-rerank.prod',
    kind: 'Deployment',
    name: 'redis',
    reason:
      'A cache whose content may be lost at any time: without it, answers are computed. Two would be two caches, and the procedures of the guide name one Deployment.',
  },
  {
    check: 'deployment-replicas',
    stack: 'qratum.prod',
    kind: 'Deployment',
    name: 'mlflow',
    reason:
      'The registry of models is on no way of a request: who trains waits for a restart of seconds, and what is served goes on.',
  },
  {
    check: 'deployment-strategy',
    stack: 'qratum.prod',
    kind: 'Deployment',
    name: 'mlflow',
    reason:
      'A new version changes the tables of its database when it starts: the old one must not write at the same time.',
  },
];
