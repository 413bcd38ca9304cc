import { type ComponentResourceOptions, interpolate, type Resource } from '@pulumi/pulumi';
import type { BackupBucket } from '../constructs/aws/backup-bucket.ts';
import type { EksCluster } from '../constructs/aws/eks-cluster.ts';
import type { Statement } from '../constructs/aws/policy-document.ts';
import { WorkloadRole } from '../constructs/aws/workload-role.ts';
import { WiringError } from '../constructs/index.ts';
import type { BucketGrant, BucketUser } from './bucket-access.ts';
import { type BucketPurpose, bucketName } from './buckets.ts';
import type { Environment } from './environments.ts';

/** What the roles of pods that use buckets are made with. */
export interface BucketRolesProps {
  /** Part of the name of each role. */
  readonly name: string;
  readonly platform: string;
  readonly environment: Environment;
  readonly buckets: Readonly<Record<BucketPurpose, Pick<BackupBucket, 'arn' | 'keyArn'>>>;
  readonly cluster: EksCluster;
  readonly inAws: ComponentResourceOptions;
}

const purposes = ['models', 'backups'] as const;

/**
 * A role for each service account that uses buckets: by Pod Identity, one for all that it uses.
 *
 * @throws WiringError where one names a bucket that is not the stack's
 */
export function bucketRoles(users: readonly BucketUser[], props: BucketRolesProps): readonly Resource[] {
  const { clusterName, arn: clusterArn } = props.cluster;
  return users.map((user) => {
    const { namespace, serviceAccount } = user;
    const role = { clusterName, clusterArn, namespace, serviceAccount, statements: statementsFor(user, props) };
    return new WorkloadRole(`${props.name}-${namespace}-${serviceAccount}`, role, props.inAws);
  });
}

function statementsFor(user: BucketUser, props: BucketRolesProps): readonly [Statement, ...Statement[]] {
  for (const grant of user.grants) check(user, grant, props);
  const statements = purposes.flatMap((purpose) => {
    const grants = user.grants.filter(({ bucket }) => bucket === nameOf(purpose, props));
    return grants.length === 0 ? [] : statementsOf(grants, props.buckets[purpose]);
  });
  const [first, ...more] = statements;
  // Each grant is for one of the stack's buckets, and there is one at least.
  if (first === undefined) throw new Error(`${user.serviceAccount} uses no bucket`);
  return [first, ...more];
}

/** What one role may do with one bucket. */
function statementsOf(
  grants: readonly BucketGrant[],
  { arn, keyArn }: Pick<BackupBucket, 'arn' | 'keyArn'>,
): readonly Statement[] {
  const keys = (...uses: readonly BucketGrant['use'][]) =>
    [...new Set(grants.filter(({ use }) => uses.includes(use)).map((grant) => grant.keys))].sort();
  const [read, written] = [keys('read', 'write'), keys('write')];
  const objects = (patterns: readonly string[]) => patterns.map((pattern) => interpolate`${arn}/${pattern}`);
  const all = read.includes('*') || keys('list').length > 0;
  return [
    // What asks whether there is a bucket names no key, and so would meet no condition.
    ...(all
      ? [{ actions: ['s3:ListBucket', 's3:GetBucketLocation'], resources: [arn] }]
      : [
          { actions: ['s3:ListBucket'], resources: [arn], conditions: { StringLike: { 's3:prefix': read } } },
          { actions: ['s3:GetBucketLocation'], resources: [arn] },
        ]),
    ...(read.length > 0 ? [{ actions: ['s3:GetObject'], resources: objects(read) }] : []),
    // Of versions nothing is deleted: what a pod deletes by mistake, or in bad faith, can be had again.
    ...(written.length > 0
      ? [{ actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObject'], resources: objects(written) }]
      : []),
    ...(read.length > 0
      ? [{ actions: ['kms:Decrypt', ...(written.length > 0 ? ['kms:GenerateDataKey'] : [])], resources: [keyArn] }]
      : []),
  ];
}

function nameOf(purpose: BucketPurpose, { environment, platform }: BucketRolesProps): string {
  return bucketName(environment, platform, purpose);
}

function check({ namespace, serviceAccount }: BucketUser, { bucket, use }: BucketGrant, props: BucketRolesProps): void {
  const known = purposes.map((purpose) => nameOf(purpose, props));
  if (known.includes(bucket)) return;
  throw new WiringError(`serviceaccount/${namespace}/${serviceAccount}`, {
    path: `metadata.annotations["keelson.dev/bucket-${use}"]`,
    value: bucket,
    cure: `use one of the stack's buckets: ${known.join(', ')}`,
  });
}
