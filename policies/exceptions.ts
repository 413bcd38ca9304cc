import { type Manifest, textAt } from '../constructs/bridge/manifest.ts';

/** A workload that one rule does not hold for. */
export interface Exception {
  /** Name of the rule. */
  readonly rule: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Why it cannot be otherwise, and what limits the harm. */
  readonly reason: string;
}

/** All of them. The list is short because each entry is a risk that somebody answers for. */
export const exceptions: readonly Exception[] = [];

/** Whether a rule is switched off for an object. */
export function isExcepted(rule: string, manifest: Manifest, list: readonly Exception[] = exceptions): boolean {
  return list.some(
    (entry) =>
      entry.rule === rule &&
      entry.kind === manifest.kind &&
      entry.namespace === textAt(manifest, 'metadata', 'namespace') &&
      entry.name === textAt(manifest, 'metadata', 'name'),
  );
}
