import { describe, expect, it } from '@jest/globals';
import { at } from '../../constructs/bridge/manifest.ts';
import {
  Connections,
  Credentials,
  Duration,
  probes,
  Redis,
  SecretStore,
  type SecretStoreProps,
  Workload,
} from '../../constructs/index.ts';
import { anotherNamespace, bench, envOf, object, objects, small, synthError } from '../support/manifests.ts';

const aws = { kind: 'aws-secrets-manager', region: 'eu-central-1', prefix: 'keelson/test/prod/' } as const;

function stored(source: SecretStoreProps['source'] = aws) {
  const on = bench();
  return { ...on, store: new SecretStore(on.namespace, 'secrets', { source }) };
}

describe('SecretStore', () => {
  it('reads from AWS Secrets Manager in its region, as the role it is given', () => {
    const role = 'arn:aws:iam::123456789012:role/keelson-test';
    expect(object(stored({ ...aws, role }).synth(), 'SecretStore', 'secrets').spec).toEqual({
      provider: { aws: { service: 'SecretsManager', region: 'eu-central-1', role } },
    });
  });

  it('has the Secret made in the cluster, without any value in the manifests', () => {
    const on = stored({ ...aws, refresh: Duration.minutes(15) });
    new Redis(on.namespace, 'redis', {
      images: on.images,
      resources: small,
      password: on.store.value('redisPassword'),
      persistence: { kind: 'none' },
    });
    const manifests = on.synth();
    expect(objects(manifests, 'Secret')).toEqual([]);
    const { spec } = object(manifests, 'ExternalSecret', 'redis');
    expect(spec).toMatchObject({
      refreshInterval: '900s',
      secretStoreRef: { kind: 'SecretStore', name: 'secrets' },
      target: { name: 'redis', deletionPolicy: 'Retain' },
    });
    expect(at(spec, 'target', 'template', 'data', 'auth.conf')).toBe('requirepass "{{ .redisPassword }}"\n');
    expect(at(spec, 'data')).toEqual([
      expect.objectContaining({
        secretKey: 'redisPassword',
        remoteRef: expect.objectContaining({ key: 'keelson/test/prod/redisPassword' }),
      }),
    ]);
    // Pods refer to it as to any other Secret.
    expect(envOf(manifests, 'redis').REDISCLI_AUTH).toBe('redis/password');
  });

  it('gives each namespace of a client its own copy, from its own store', () => {
    const on = stored();
    const second = anotherNamespace(on.chart, 'second');
    new SecretStore(second, 'secrets', { source: aws });
    const redis = new Redis(on.namespace, 'redis', {
      images: on.images,
      resources: small,
      password: on.store.value('redisPassword'),
      persistence: { kind: 'none' },
    });
    const client = new Workload(second, 'client', {
      name: 'client',
      component: 'test',
      kind: 'Deployment',
      image: { reference: 'registry.example/c:1', version: '1' },
      ports: { http: { number: 8000 } },
      resources: small,
      probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
    });
    new Connections(on.chart, 'more').connect(client, redis, 'redis');
    expect(object(on.synth(), 'ExternalSecret', 'redis', 'second').metadata.namespace).toBe('second');
  });

  it('keeps braces that are no placeholder', () => {
    const on = stored();
    new Credentials(on.namespace, 'c', { name: 'c', values: { a: `${on.store.value('x')} {{ $labels.job }}` } });
    expect(at(object(on.synth(), 'ExternalSecret', 'c'), 'spec', 'target', 'template', 'data', 'a')).toBe(
      '{{ .x }} {{ "{{" }} $labels.job }}',
    );
  });

  it('makes plain Secrets of generated values', () => {
    const on = stored({ kind: 'generated', value: (name) => `value-of-${name}` });
    new Credentials(on.namespace, 'c', { name: 'c', values: { password: on.store.value('x') } });
    expect(object(on.synth(), 'Secret', 'c').stringData).toEqual({ password: 'value-of-x' });
  });

  it('refuses names that no template takes, a second store, and one that nobody would find', () => {
    const on = stored();
    expect(() => on.store.value('redis-password')).toThrow(
      /name is "redis-password": use letters, digits and underscores/,
    );
    expect(() => new SecretStore(on.namespace, 'again', { source: aws })).toThrow(/has a SecretStore already/);
    const inside = new Credentials(on.namespace, 'c', { name: 'c', values: {} });
    expect(() => new SecretStore(inside, 'deep', { source: aws })).toThrow(
      /make it in the scope of the namespace itself/,
    );
  });

  it('says when a placeholder reaches a namespace without a store', () => {
    const on = stored();
    const bare = anotherNamespace(on.chart, 'bare');
    new Credentials(bare, 'c', { name: 'c', values: { a: on.store.value('x') } });
    expect(synthError(on.synth)).toMatch(/values is \["x"\]: the namespace "bare" has no external SecretStore/);
  });
});
