import type { Plan } from '../constructs/bridge/index.ts';
import { at, textAt } from '../constructs/bridge/manifest.ts';

/** What the pods of a service account do with a bucket. */
export type BucketUse = 'read' | 'write';

/** A service account whose pods use a bucket. */
export interface BucketUser {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly bucket: string;
  readonly use: BucketUse;
}

const annotation = (use: BucketUse): string => `keelson.dev/bucket-${use}`;

/** Says, on a service account, that its pods use a bucket: the cloud gives them a role for it. */
export function bucketAnnotations(bucket: string, use: BucketUse): Readonly<Record<string, string>> {
  return { [annotation(use)]: bucket };
}

/** All service accounts of a plan that say so. */
export function bucketUsers(plan: Plan): readonly BucketUser[] {
  return plan.flatMap(({ kind, namespace, name, manifest }) => {
    if (kind !== 'ServiceAccount' || namespace === undefined) return [];
    return (['read', 'write'] as const).flatMap((use) => {
      const bucket = textAt(at(manifest, 'metadata', 'annotations') ?? {}, annotation(use));
      return bucket === undefined ? [] : [{ namespace, serviceAccount: name, bucket, use }];
    });
  });
}
