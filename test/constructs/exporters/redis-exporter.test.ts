import { describe, expect, it } from '@jest/globals';
import { Redis, RedisExporter } from '../../../constructs/index.ts';
import { anotherNamespace, bench, envOf, object, podOf, small } from '../../support/manifests.ts';
import { restrictedViolations } from '../../support/pod-security.ts';

function exported(elsewhere = false) {
  const on = bench();
  const { images, connections } = on;
  const target = new Redis(on.namespace, 'redis', {
    images,
    resources: small,
    password: 'p',
    persistence: { kind: 'none' },
  });
  const scope = elsewhere ? anotherNamespace(on.chart, 'second') : on.namespace;
  new RedisExporter(scope, 'exporter', { images, resources: small, target, connections });
  return on.synth();
}

describe('RedisExporter', () => {
  it('is named after its server, and gets its address and password', () => {
    const manifests = exported();
    expect(envOf(manifests, 'redis-exporter')).toMatchObject({
      REDIS_ADDR: 'redis://redis:6379',
      REDIS_PASSWORD: 'redis/password',
    });
    expect(restrictedViolations(podOf(manifests, 'redis-exporter'))).toEqual([]);
  });

  it('asks across namespaces by the full name, with a copy of the password', () => {
    const manifests = exported(true);
    expect(envOf(manifests, 'redis-exporter').REDIS_ADDR).toBe('redis://redis.test.svc:6379');
    expect(object(manifests, 'Secret', 'redis', 'second').stringData).toMatchObject({ password: 'p' });
  });
});
