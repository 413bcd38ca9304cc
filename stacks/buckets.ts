import type { Environment } from './environments.ts';

/** What a bucket of a stack is for. */
export type BucketPurpose = 'models' | 'backups';

/**
 * Name of a stack's bucket. Names are unique in the world, and each stack has its own buckets.
 *
 * @throws Error in an environment without buckets
 */
export function bucketName(
  { name, buckets }: Pick<Environment, 'name' | 'buckets'>,
  platform: string,
  purpose: BucketPurpose,
): string {
  if (buckets === undefined) throw new Error(`environment "${name}" has no buckets`);
  return `${buckets.prefix}-${platform}-${purpose}`;
}
