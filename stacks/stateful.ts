import { at, isObject, type Json, type Manifest, objectsAt, textAt } from '../constructs/bridge/manifest.ts';
import type { Problem } from '../constructs/problem.ts';

/** What of an object cannot change without replacing it, or without losing sight of its data. */
export interface Identity {
  /** Field to value; none where only the name counts. */
  readonly fixed: Readonly<Record<string, Json>>;
  /** Claim to size in MiB: it may grow. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** Objects by `Kind/namespace/name`. */
export type Identities = Readonly<Record<string, Identity>>;

/** Custom resources behind which an operator keeps data. */
const operated: ReadonlySet<string> = new Set(['Cluster', 'Milvus', 'Database']);

/** What of these objects has to stay. Pure. */
export function identitiesOf(manifests: readonly Manifest[]): Identities {
  const found = manifests.flatMap((manifest) => {
    const identity = identityOf(manifest);
    if (identity === undefined) return [];
    const { namespace = '', name } = manifest.metadata;
    return [[`${manifest.kind}/${namespace}/${name}`, identity] as const];
  });
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function identityOf(manifest: Manifest): Identity | undefined {
  const { kind } = manifest;
  const field = (...keys: readonly string[]): Json => at(manifest, 'spec', ...keys) ?? null;
  switch (kind) {
    case 'Namespace':
      // All that is in it goes with it.
      return { fixed: {} };
    case 'Deployment':
    case 'DaemonSet':
      return { fixed: { selector: field('selector') } };
    case 'StatefulSet': {
      const claims = objectsAt(manifest, 'spec', 'volumeClaimTemplates');
      const fixed = { selector: field('selector'), serviceName: field('serviceName') };
      if (claims.length === 0) return { fixed };
      const names = claims.map((claim) => textAt(claim, 'metadata', 'name') ?? '');
      const classes = claims.map((claim) => textAt(claim, 'spec', 'storageClassName') ?? '');
      const sizes = claims.map((claim) => mebibytes(textAt(claim, 'spec', 'resources', 'requests', 'storage')));
      return {
        fixed: { ...fixed, claims: names, storageClasses: classes },
        sizes: Object.fromEntries(names.map((name, index) => [name, sizes[index] ?? 0])),
      };
    }
    case 'PersistentVolumeClaim':
      return {
        fixed: { storageClass: field('storageClassName'), accessModes: field('accessModes') },
        sizes: { claim: mebibytes(textAt(manifest, 'spec', 'resources', 'requests', 'storage')) },
      };
    default:
      return operated.has(kind) && manifest.apiVersion.includes('.') ? { fixed: {} } : undefined;
  }
}

/** `20Gi` gives 20480. */
function mebibytes(quantity = '0'): number {
  const [, value = '0', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]i)?$/.exec(quantity) ?? [];
  const factor = { Ki: 1 / 1024, Mi: 1, Gi: 1024, Ti: 1024 * 1024 }[unit] ?? 1 / (1024 * 1024);
  return Number(value) * factor;
}

const told = 'docs/operations/stateful-changes.md tells how it is done without loss';

/** What of the recorded objects is gone or different. Objects that are not recorded are no problem here. */
export function statefulProblems(recorded: Identities, present: Identities): readonly Problem[] {
  return Object.entries(recorded).flatMap(([id, before]): readonly Problem[] => {
    const now = present[id];
    if (now === undefined) {
      return [
        { path: id, value: 'gone', cure: `it would be deleted, and what it holds with it: keep its name, or ${told}` },
      ];
    }
    const changed = Object.entries(before.fixed)
      .filter(([field, value]) => text(now.fixed[field]) !== text(value))
      .map(([field, value]) => ({
        path: `${id}.${field}`,
        value: now.fixed[field] ?? null,
        cure: `it was ${text(value)}, and Kubernetes replaces the object to change it: put it back, or ${told}`,
      }));
    const shrunk = Object.entries(before.sizes ?? {})
      .filter(([claim, size]) => (now.sizes?.[claim] ?? 0) < size)
      .map(([claim, size]) => ({
        path: `${id}.${claim}`,
        value: now.sizes?.[claim] ?? null,
        cure: `a volume cannot shrink: leave it at ${size}Mi or more`,
      }));
    return [...changed, ...shrunk];
  });
}

/** The same text for the same value, whatever the order of its keys. */
function text(value: Json | undefined): string {
  return JSON.stringify(value ?? null, (_key, each: Json) =>
    isObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}
