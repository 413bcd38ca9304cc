import { type Manifest, textAt } from '../constructs/bridge/manifest.ts';
import { isIn, podSecurityExceptions } from '../constructs/exceptions.ts';

/** A workload that one rule does not hold for. */
export interface Exception {
  /** Name of the rule. */
  readonly rule: string;
  /** This name, or any that ends in a hyphen and this name. */
  readonly namespace: string;
  /** @default - every object of the namespace */
  readonly object?: { readonly kind: string; readonly name: string };
  /** Why it cannot be otherwise, and what limits the harm. */
  readonly reason: string;
}

/**
 * All of them. The list is short because each entry is a risk that somebody answers for. What a namespace may break of the
 * Pod Security Standard stands with the construct that sets the namespace's level.
 */
export const exceptions: readonly Exception[] = podSecurityExceptions.map(({ workload, namespace, reason }) => ({
  rule: 'restricted-pods',
  namespace,
  object: { kind: 'DaemonSet', name: workload },
  reason,
}));

/** Whether a rule is switched off for an object. */
export function isExcepted(rule: string, manifest: Manifest, list: readonly Exception[] = exceptions): boolean {
  return list.some(
    ({ object, ...entry }) =>
      entry.rule === rule &&
      isIn(textAt(manifest, 'metadata', 'namespace') ?? '', entry) &&
      (object === undefined || (object.kind === manifest.kind && object.name === textAt(manifest, 'metadata', 'name'))),
  );
}
