import { Role, RolePolicy } from '@pulumi/aws/iam/index.js';
import { Key } from '@pulumi/aws/kms/index.js';
import {
  Bucket,
  BucketLifecycleConfiguration,
  BucketOwnershipControls,
  BucketPolicy,
  BucketPublicAccessBlock,
  BucketReplicationConfig,
  BucketServerSideEncryptionConfiguration,
  BucketVersioning,
} from '@pulumi/aws/s3/index.js';
import { ComponentResource, type ComponentResourceOptions, interpolate, type Output } from '@pulumi/pulumi';
import { WiringError } from '../problem.ts';
import { policyDocument, trustPolicy } from './policy-document.ts';

/** Properties of {@link BackupBucket}. */
export interface BackupBucketProps {
  /** Name of the bucket: unique in the world, 3 to 54 characters. */
  readonly bucketName: string;
  readonly region: string;
  /** Region that keeps a copy of every object. @default - no copy */
  readonly replicaRegion?: string;
  /** Days after which a backup is deleted. @default 35 */
  readonly retentionDays?: number;
  /** Days after which a backup moves to cheaper storage. @default 7 */
  readonly archiveDays?: number;
  /** Whether the bucket, with all backups in it, may be deleted. @default false */
  readonly forceDestroy?: boolean;
}

/** A place for objects, with all that makes it safe. */
interface Store {
  readonly bucket: Bucket;
  readonly key: Key;
  readonly versioning: BucketVersioning;
}

/**
 * A bucket for backups: versioned, encrypted with a key of its own, over TLS only, closed to the public, cleaned up by age, and copied to a second
 * region where one is named.
 */
export class BackupBucket extends ComponentResource {
  readonly bucketName: Output<string>;
  readonly arn: Output<string>;
  readonly keyArn: Output<string>;

  constructor(name: string, props: BackupBucketProps, options?: ComponentResourceOptions) {
    super('keelson:aws:BackupBucket', name, {}, options);
    check(name, props);
    const store = this.#store(name, props.bucketName, props.region, props);
    if (props.replicaRegion !== undefined) {
      const copy = this.#store(`${name}-copy`, `${props.bucketName}-copy`, props.replicaRegion, props);
      this.#replicate(name, store, copy, props.region);
    }
    this.bucketName = store.bucket.bucket;
    this.arn = store.bucket.arn;
    this.keyArn = store.key.arn;
    this.registerOutputs({ bucketName: this.bucketName });
  }

  #store(name: string, bucketName: string, region: string, props: BackupBucketProps): Store {
    const { retentionDays = 35, archiveDays = 7, forceDestroy = false } = props;
    const parent = { parent: this };
    const key = new Key(
      name,
      { region, description: `Backups in ${bucketName}`, enableKeyRotation: true, deletionWindowInDays: 30 },
      parent,
    );
    const bucket = new Bucket(
      name,
      { region, bucket: bucketName, forceDestroy },
      { ...parent, protect: !forceDestroy },
    );
    const at = { region, bucket: bucket.id };
    const versioning = new BucketVersioning(name, { ...at, versioningConfiguration: { status: 'Enabled' } }, parent);
    const encryption = { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.arn };
    new BucketServerSideEncryptionConfiguration(
      name,
      { ...at, rules: [{ applyServerSideEncryptionByDefault: encryption, bucketKeyEnabled: true }] },
      parent,
    );
    new BucketOwnershipControls(name, { ...at, rule: { objectOwnership: 'BucketOwnerEnforced' } }, parent);
    const closed = new BucketPublicAccessBlock(
      name,
      { ...at, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      parent,
    );
    const resources = [bucket.arn, interpolate`${bucket.arn}/*`];
    const policy = policyDocument([
      {
        sid: 'TlsOnly',
        effect: 'Deny',
        everybody: true,
        actions: ['s3:*'],
        resources,
        conditions: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      {
        sid: 'ModernTlsOnly',
        effect: 'Deny',
        everybody: true,
        actions: ['s3:*'],
        resources,
        conditions: { NumericLessThan: { 's3:TlsVersion': '1.2' } },
      },
    ]);
    // A policy and the block that refuses public ones cannot be set at the same moment.
    new BucketPolicy(name, { ...at, policy }, { ...parent, dependsOn: [closed] });
    new BucketLifecycleConfiguration(
      name,
      {
        ...at,
        rules: [
          {
            id: 'age',
            status: 'Enabled',
            filter: { prefix: '' },
            transitions: [{ days: archiveDays, storageClass: 'GLACIER_IR' }],
            expiration: { days: retentionDays },
            noncurrentVersionExpiration: { noncurrentDays: retentionDays },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 2 },
          },
        ],
      },
      { ...parent, dependsOn: [versioning] },
    );
    return { bucket, key, versioning };
  }

  #replicate(name: string, from: Store, to: Store, region: string): void {
    const parent = { parent: this };
    const role = new Role(`${name}-copy`, { assumeRolePolicy: trustPolicy(['s3.amazonaws.com']) }, parent);
    const policy = policyDocument([
      { actions: ['s3:GetReplicationConfiguration', 's3:ListBucket'], resources: [from.bucket.arn] },
      {
        actions: ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
        resources: [interpolate`${from.bucket.arn}/*`],
      },
      {
        actions: ['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'],
        resources: [interpolate`${to.bucket.arn}/*`],
      },
      { actions: ['kms:Decrypt'], resources: [from.key.arn] },
      { actions: ['kms:Encrypt', 'kms:GenerateDataKey'], resources: [to.key.arn] },
    ]);
    const allowed = new RolePolicy(`${name}-copy`, { role: role.id, policy }, parent);
    new BucketReplicationConfig(
      name,
      {
        region,
        bucket: from.bucket.id,
        role: role.arn,
        rules: [
          {
            id: 'everything',
            status: 'Enabled',
            filter: { prefix: '' },
            // What is deleted here by mistake stays there until its age takes it.
            deleteMarkerReplication: { status: 'Disabled' },
            sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
            destination: {
              bucket: to.bucket.arn,
              storageClass: 'GLACIER_IR',
              encryptionConfiguration: { replicaKmsKeyId: to.key.arn },
            },
          },
        ],
      },
      { ...parent, dependsOn: [from.versioning, to.versioning, allowed] },
    );
  }
}

function check(name: string, props: BackupBucketProps): void {
  const { bucketName, region, replicaRegion, retentionDays = 35, archiveDays = 7 } = props;
  const refuse = (path: string, value: unknown, cure: string): never => {
    throw new WiringError(name, { path, value, cure });
  };
  if (!/^[a-z0-9][a-z0-9-]{1,52}[a-z0-9]$/.test(bucketName)) {
    refuse('bucketName', bucketName, 'use 3 to 54 lower-case letters, digits and hyphens');
  }
  if (replicaRegion === region) refuse('replicaRegion', replicaRegion, `name another region than ${region}`);
  if (
    !Number.isInteger(retentionDays) ||
    !Number.isInteger(archiveDays) ||
    archiveDays < 1 ||
    retentionDays <= archiveDays
  ) {
    refuse(
      'retentionDays, archiveDays',
      `${retentionDays}, ${archiveDays}`,
      'use whole days, and keep backups longer than until they are archived',
    );
  }
}
