import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Redis, type RedisProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';

const storage = { size: Size.gibibytes(1) };

function redis(more: Partial<RedisProps> = {}) {
  const on = bench();
  const made = new Redis(on.namespace, 'redis', {
    images: on.images,
    resources: small,
    password: 'Geheim1',
    persistence: { kind: 'aof', ...storage },
    ...more,
  });
  return { ...on, made };
}

function conf(more: Partial<RedisProps> = {}): string[] {
  const text = at(object(redis(more).synth(), 'ConfigMap', 'redis-config'), 'data', 'redis.conf');
  return String(text).trim().split('\n');
}

describe('Redis', () => {
  it('keeps its password in a Secret only', () => {
    const manifests = redis().synth();
    const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes('Geheim1'));
    expect(holders.map(({ kind }) => kind)).toEqual(['Secret']);
    expect(conf()).toContain('include /etc/redis-auth/auth.conf');
    expect(objectsAt(containerOf(manifests, 'redis'), 'volumeMounts')).toContainEqual({
      name: 'secret-redis',
      mountPath: '/etc/redis-auth',
      readOnly: true,
    });
    expect(at(object(manifests, 'Secret', 'redis'), 'stringData', 'auth.conf')).toBe('requirepass "Geheim1"\n');
    expect(envOf(manifests, 'redis')).toEqual({ REDISCLI_AUTH: 'redis/password' });
  });

  it.each([
    ['aof', ['appendonly yes', 'appendfsync everysec', 'save 3600 1 300 100 60 10000']],
    ['rdb', ['appendonly no', 'save 3600 1 300 100 60 10000']],
  ] as const)('persists by %s on a claim', (kind, lines) => {
    const persistence = { kind, ...storage };
    expect(conf({ persistence })).toEqual(expect.arrayContaining([...lines]));
    const claims = objectsAt(
      object(redis({ persistence }).synth(), 'StatefulSet', 'redis'),
      'spec',
      'volumeClaimTemplates',
    );
    expect(claims).toHaveLength(1);
  });

  it('flushes each write where asked', () => {
    expect(conf({ persistence: { kind: 'aof', flush: 'write', ...storage } })).toContain('appendfsync always');
  });

  it('needs no claim without persistence', () => {
    const persistence = { kind: 'none' } as const;
    expect(conf({ persistence })).toEqual(expect.arrayContaining(['appendonly no', 'save ""']));
    const manifests = redis({ persistence }).synth();
    expect(at(object(manifests, 'StatefulSet', 'redis'), 'spec', 'volumeClaimTemplates')).toBeUndefined();
    expect(objectsAt(podOf(manifests, 'redis'), 'volumes').map(({ name }) => name)).toContain('data');
  });

  it('bounds its data below the memory limit, and says how much eviction may take', () => {
    expect(conf()).toEqual(expect.arrayContaining(['maxmemory 153mb', 'maxmemory-policy noeviction']));
    expect(conf({ eviction: 'volatile-lru', maxMemory: Size.mebibytes(100) })).toEqual(
      expect.arrayContaining(['maxmemory 100mb', 'maxmemory-policy volatile-lru']),
    );
    expect(synthError(redis({ maxMemory: Size.mebibytes(250) }).synth)).toMatch(
      /maxMemory is "250Mi": lower it to 192Mi, or raise the memory limit of 256Mi/,
    );
  });

  it('is ready only when it answers', () => {
    expect(at(containerOf(redis().synth(), 'redis'), 'readinessProbe', 'exec', 'command')).toEqual([
      'sh',
      '-c',
      'redis-cli ping | grep -q PONG',
    ]);
  });
});
