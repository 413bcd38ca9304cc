import type { Plan } from '../constructs/bridge/index.ts';
import { at, textAt } from '../constructs/bridge/manifest.ts';

/** What pods do with keys of a bucket: `list` looks at the bucket as a whole, `write` reads as well, and deletes. */
export type BucketUse = 'list' | 'read' | 'write';

/** What the pods of a service account may do with a part of a bucket. */
export interface BucketGrant {
  readonly bucket: string;
  /** Pattern of the keys, where `*` stands for anything, for example `mlflow/*`. */
  readonly keys: string;
  readonly use: BucketUse;
}

/** A service account whose pods use buckets. */
export interface BucketUser {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly grants: readonly [BucketGrant, ...BucketGrant[]];
}

const uses: readonly BucketUse[] = ['list', 'read', 'write'];

const annotation = (use: BucketUse): string => `keelson.dev/bucket-${use}`;

/** Says, on a service account, what its pods do with buckets: the cloud gives them a role for that, and for nothing else. */
export function bucketAnnotations(grants: readonly BucketGrant[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    uses.flatMap((use) => {
      const parts = grants.filter((grant) => grant.use === use).map(({ bucket, keys }) => `${bucket}/${keys}`);
      return parts.length === 0 ? [] : [[annotation(use), [...new Set(parts)].join(',')]];
    }),
  );
}

/** All service accounts of a plan that say so. */
export function bucketUsers(plan: Plan): readonly BucketUser[] {
  return plan.flatMap(({ kind, namespace, name, manifest }) => {
    if (kind !== 'ServiceAccount' || namespace === undefined) return [];
    const annotations = at(manifest, 'metadata', 'annotations') ?? {};
    const [first, ...more] = uses.flatMap((use) =>
      (textAt(annotations, annotation(use)) ?? '')
        .split(',')
        .filter((part) => part !== '')
        .map((part) => grantOf(part, use)),
    );
    return first === undefined ? [] : [{ namespace, serviceAccount: name, grants: [first, ...more] }];
  });
}

/** A bucket alone stands for all of its keys. */
function grantOf(part: string, use: BucketUse): BucketGrant {
  const slash = part.indexOf('/');
  return slash === -1
    ? { bucket: part, keys: '*', use }
    : { bucket: part.slice(0, slash), keys: part.slice(slash + 1), use };
}
