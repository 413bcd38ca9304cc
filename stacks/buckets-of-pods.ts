import type { Bucket } from '../constructs/index.ts';
import { type BucketGrant, type BucketUse, bucketAnnotations } from './bucket-access.ts';
import { type BucketPurpose, bucketName } from './buckets.ts';
import type { Environment } from './environments.ts';
import { internet } from './providers.ts';

/** A part of one of the stack's buckets, and what pods do there. */
export interface BucketPart {
  readonly purpose: BucketPurpose;
  /** Folder, without slashes around it. @default - the whole bucket */
  readonly prefix?: string;
  readonly use: BucketUse;
}

/** A folder in one of the stack's buckets, as pods use it: the cloud gives their service account a role for it. */
export function bucketFor(
  platform: string,
  environment: Environment,
  part: BucketPart & {
    /** What the same pods do elsewhere. @default - nothing */
    readonly also?: readonly BucketGrant[];
  },
): Bucket & {
  readonly access: { readonly kind: 'role'; readonly accountAnnotations: Readonly<Record<string, string>> };
} {
  const { prefix, also = [] } = part;
  const grant = grantFor(platform, environment, part);
  return {
    bucket: grant.bucket,
    ...(prefix !== undefined && { prefix }),
    // A name was found, so there are buckets.
    region: environment.buckets?.region ?? '',
    access: { kind: 'role', accountAnnotations: bucketAnnotations([grant, ...also]) },
    at: internet,
  };
}

/** What pods may do with a part of one of the stack's buckets. */
export function grantFor(
  platform: string,
  environment: Environment,
  { purpose, prefix, use }: BucketPart,
): BucketGrant {
  const keys = prefix === undefined ? '*' : `${prefix}/*`;
  return { bucket: bucketName(environment, platform, purpose), keys, use };
}
