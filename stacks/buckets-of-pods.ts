import type { Bucket } from '../constructs/index.ts';
import { type BucketUse, bucketAnnotations } from './bucket-access.ts';
import { type BucketPurpose, bucketName } from './buckets.ts';
import type { Environment } from './environments.ts';
import { internet } from './providers.ts';

/** A folder in one of the stack's buckets, as pods use it: the cloud gives their service account a role for it. */
export function bucketFor(
  platform: string,
  environment: Environment,
  { purpose, prefix, use }: { readonly purpose: BucketPurpose; readonly prefix?: string; readonly use: BucketUse },
): Bucket & {
  readonly access: { readonly kind: 'role'; readonly accountAnnotations: Readonly<Record<string, string>> };
} {
  const bucket = bucketName(environment, platform, purpose);
  return {
    bucket,
    ...(prefix !== undefined && { prefix }),
    // A name was found, so there are buckets.
    region: environment.buckets?.region ?? '',
    access: { kind: 'role', accountAnnotations: bucketAnnotations(bucket, use) },
    at: internet,
  };
}
