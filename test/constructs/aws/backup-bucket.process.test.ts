import { describe, expect, it } from '@jest/globals';
import { BackupBucket } from '../../../constructs/aws/backup-bucket.ts';
import { mockEngine, type Registered, settled } from '../../support/mocks.ts';

const props = { bucketName: 'keelson-test-backups', region: 'eu-central-1' } as const;

async function registeredBy(more: Partial<ConstructorParameters<typeof BackupBucket>[1]> = {}) {
  const registered = await mockEngine();
  new BackupBucket('backups', { ...props, ...more });
  await settled();
  return (type: string): readonly Registered[] => registered.filter((each) => each.type === `aws:s3/${type}`);
}

describe('BackupBucket', () => {
  it('is versioned, encrypted with its own key, closed, protected, and cleaned up by age', async () => {
    const of = await registeredBy({ retentionDays: 20, archiveDays: 5 });
    expect(of('bucket:Bucket')).toMatchObject([{ protect: true, inputs: { bucket: 'keelson-test-backups' } }]);
    expect(of('bucketVersioning:BucketVersioning')).toMatchObject([
      { inputs: { versioningConfiguration: { status: 'Enabled' } } },
    ]);
    const [encryption] = of('bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration');
    expect(encryption?.inputs).toMatchObject({
      rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms' }, bucketKeyEnabled: true }],
    });
    expect(of('bucketPublicAccessBlock:BucketPublicAccessBlock')[0]?.inputs).toMatchObject({
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    });
    expect(of('bucketLifecycleConfiguration:BucketLifecycleConfiguration')[0]?.inputs).toMatchObject({
      rules: [{ transitions: [{ days: 5, storageClass: 'GLACIER_IR' }], expiration: { days: 20 } }],
    });
  });

  it('refuses everything that does not come over TLS', async () => {
    const of = await registeredBy();
    const policy = JSON.parse(String(of('bucketPolicy:BucketPolicy')[0]?.inputs.policy)) as { Statement: unknown[] };
    expect(policy.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });

  it('copies to a second region, encrypted there with a key of that region', async () => {
    const of = await registeredBy({ replicaRegion: 'eu-west-1' });
    expect(of('bucket:Bucket').map(({ inputs }) => [inputs.bucket, inputs.region])).toEqual([
      ['keelson-test-backups', 'eu-central-1'],
      ['keelson-test-backups-copy', 'eu-west-1'],
    ]);
    expect(of('bucketReplicationConfig:BucketReplicationConfig')[0]?.inputs).toMatchObject({
      rules: [{ status: 'Enabled', deleteMarkerReplication: { status: 'Disabled' } }],
    });
  });

  it.each([
    [{ bucketName: 'Nope' }, 'use 3 to 54 lower-case letters'],
    [{ replicaRegion: 'eu-central-1' }, 'name another region than eu-central-1'],
    [{ retentionDays: 7, archiveDays: 7 }, 'keep backups longer than until they are archived'],
  ])('refuses %o', async (wrong, message) => {
    await mockEngine();
    expect(() => new BackupBucket('backups', { ...props, ...wrong })).toThrow(message);
  });
});
