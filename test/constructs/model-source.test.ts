import { describe, expect, it } from '@jest/globals';
import { EnvValue } from '../../constructs/index.ts';
import { rcloneEnvironment, storePath, storePort } from '../../constructs/model-source.ts';

describe('buckets', () => {
  it('are entered by a role, or by keys that stay in their Secret', () => {
    const role = rcloneEnvironment({ region: 'eu-central-1', access: { kind: 'role' } });
    expect(role).toMatchObject({ RCLONE_CONFIG_STORE_PROVIDER: 'AWS', RCLONE_CONFIG_STORE_ENV_AUTH: 'true' });
    const keys = { id: EnvValue.fromValue('reference'), secret: EnvValue.fromValue('reference') };
    const access = { kind: 'keys', id: 'Key1', secret: 'Geheim1' } as const;
    const withKeys = rcloneEnvironment({ region: 'r', endpoint: 'http://store:7070', access }, keys);
    expect(withKeys).toMatchObject({
      RCLONE_CONFIG_STORE_PROVIDER: 'Other',
      RCLONE_CONFIG_STORE_ENDPOINT: 'http://store:7070',
      RCLONE_CONFIG_STORE_ENV_AUTH: 'false',
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: keys.secret,
    });
    expect(JSON.stringify(withKeys)).not.toContain('Geheim1');
  });

  it('have a port and a path', () => {
    expect(
      [undefined, 'https://a', 'http://a', 'http://a:7070'].map((endpoint) => storePort(endpoint ? { endpoint } : {})),
    ).toEqual([443, 443, 80, 7070]);
    expect(storePath({ bucket: 'b', prefix: 'p/q' }, 'wal')).toBe('store:b/p/q/wal');
    expect(storePath({ bucket: 'b' })).toBe('store:b');
  });
});
