import { describe, expect, it } from '@jest/globals';
import { plan } from '../../constructs/bridge/index.ts';
import { Images } from '../../constructs/index.ts';
import { type BucketGrant, bucketAnnotations, bucketUsers } from '../../stacks/bucket-access.ts';
import { grantFor } from '../../stacks/buckets-of-pods.ts';
import { compose } from '../../stacks/compose.ts';
import { environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';

function planOf(platform: 'multi-agent-rag') {
  const images = new Images({ registry: 'registry.example' });
  const props = { platform: platforms[platform], environment: environments.prod, images, secret: () => 'x' };
  return plan(compose(props).app);
}

describe('what pods do with buckets', () => {
  it('is said on their service account, each part once', () => {
    const part = (bucket: string, keys: string, use: BucketGrant['use']) => ({ bucket, keys, use });
    expect(
      bucketAnnotations([
        part('a', 'one/*', 'read'),
        part('a', 'two/*', 'read'),
        part('a', 'one/*', 'read'),
        part('b', '*', 'write'),
      ]),
    ).toEqual({ 'keelson.dev/bucket-read': 'a/one/*,a/two/*', 'keelson.dev/bucket-write': 'b/*' });
  });

  it('is a folder of a bucket, or all of it', () => {
    const { prod } = environments;
    expect(grantFor('p', prod, { purpose: 'models', prefix: 'm', use: 'read' })).toEqual({
      bucket: 'keelson-prod-p-models',
      keys: 'm/*',
      use: 'read',
    });
    expect(grantFor('p', prod, { purpose: 'backups', use: 'write' }).keys).toBe('*');
  });

  it('is read again from the plan: backups write, drills only read', () => {
    const users = bucketUsers(planOf('multi-agent-rag'));
    const all = { bucket: 'keelson-prod-multi-agent-rag-backups', keys: '*' };
    expect(users).toContainEqual({
      namespace: 'multi-agent-rag',
      serviceAccount: 'backup',
      grants: [{ ...all, use: 'write' }],
    });
    expect(users).toContainEqual({
      namespace: 'multi-agent-rag',
      serviceAccount: 'backup-drill',
      grants: [{ ...all, use: 'read' }],
    });
  });
});
