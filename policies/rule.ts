import type { Manifest } from '../constructs/bridge/manifest.ts';
import type { Problem } from '../constructs/problem.ts';

/** What a violation does: `mandatory` stops the update, `advisory` is shown. */
export type Level = 'mandatory' | 'advisory';

interface Rule {
  /** Id of the rule within the pack. */
  readonly name: string;
  /** One sentence: what holds, and why. */
  readonly description: string;
  readonly level: Level;
}

/** A rule on one object. Its check is a pure function: same manifest, same answer. */
export interface ObjectRule extends Rule {
  readonly check: (manifest: Manifest) => readonly Problem[];
}

/** A rule on all objects of a stack together. */
export interface StackRule extends Rule {
  readonly checkAll: (manifests: readonly Manifest[]) => readonly Problem[];
}
