import { describe, expect, it } from '@jest/globals';
import { planSource } from '../../constructs/backup-sources.ts';
import { Redis, Size } from '../../constructs/index.ts';
import { anotherNamespace, bench, objects, small } from '../support/manifests.ts';

describe('sources of a backup', () => {
  it('bring their credentials along into another namespace, once', () => {
    const on = bench();
    const redis = new Redis(on.namespace, 'redis', {
      images: on.images,
      resources: small,
      password: 'Geheim1',
      persistence: { kind: 'rdb', size: Size.gibibytes(1) },
    });
    const elsewhere = anotherNamespace(on.chart, 'operations');
    const source = { kind: 'redis', name: 'redis', server: redis } as const;
    const [first] = [planSource(elsewhere, source, on.images), planSource(elsewhere, source, on.images)];
    expect(first.dump?.env).toMatchObject({ SERVER_HOST: 'redis.test.svc', SERVER_PORT: '6379' });
    expect(objects(on.synth(), 'Secret').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).toEqual([
      'test/redis',
      'operations/redis',
    ]);
  });

  it('need nothing but a copy where they are in a bucket', () => {
    const on = bench();
    const from = { bucket: 'b', region: 'r', access: { kind: 'role' }, at: { cidr: '0.0.0.0/0' } } as const;
    expect(planSource(on.namespace, { kind: 'bucket', name: 'models', from }, on.images)).toEqual({});
  });
});
