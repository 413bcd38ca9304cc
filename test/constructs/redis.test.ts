import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Redis, type RedisProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

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

  it('may be a Deployment where nothing is kept, for procedures that look for one', () => {
    const topology = { kind: 'single', controller: 'Deployment' } as const;
    expect(object(redis({ topology, persistence: { kind: 'none' } }).synth(), 'Deployment', 'redis')).toBeDefined();
    expect(synthError(redis({ topology }).synth)).toMatch(
      /topology\.controller is "Deployment": only a StatefulSet has a claim/,
    );
  });

  it('has room for what it writes beside what it wrote', () => {
    const size = Size.mebibytes(200);
    expect(synthError(redis({ persistence: { kind: 'aof', size } }).synth)).toMatch(
      /persistence\.size is "200Mi": raise it to 459Mi: 153Mi of data/,
    );
    expect(synthError(redis({ persistence: { kind: 'rdb', size } }).synth)).toMatch(
      /persistence\.size is "200Mi": raise it to 306Mi/,
    );
  });
});

describe('Redis with a leader and followers', () => {
  function group(replicas = 3) {
    const on = bench();
    const made = new Redis(on.namespace, 'redis', {
      images: on.images,
      resources: small,
      password: 'Geheim1',
      persistence: { kind: 'rdb', ...storage },
      topology: { kind: 'sentinel', replicas, connections: on.connections },
    });
    return { ...on, made };
  }

  it('has a proxy under the name that clients know, and sentinels', () => {
    const manifests = group().synth();
    expect(
      manifests
        .filter(({ kind }) => /Deployment|StatefulSet/.test(kind))
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
        .sort(),
    ).toEqual(['Deployment redis', 'StatefulSet redis-node', 'StatefulSet redis-sentinel']);
    for (const name of ['redis', 'redis-node', 'redis-sentinel']) {
      expect(restrictedViolations(podOf(manifests, name))).toEqual([]);
    }
    expect(group().made.workload.ports.redis).toMatchObject({ number: 6379, scheme: 'redis' });
    expect(group().made.data.name).toBe('redis-node');
  });

  it('keeps its password in a Secret only, and followers show it to their leader', () => {
    const manifests = group().synth();
    const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes('Geheim1'));
    expect(holders.map(({ kind }) => kind)).toEqual(['Secret']);
    expect(String(at(object(manifests, 'Secret', 'redis'), 'stringData', 'auth.conf'))).toContain(
      'masterauth "Geheim1"',
    );
  });

  it('takes no writes that nobody would find again', () => {
    const config = (replicas: number) =>
      String(at(object(group(replicas).synth(), 'ConfigMap', 'redis-node-config'), 'data', 'redis.conf'));
    expect(config(3)).toContain('min-replicas-to-write 1');
    expect(config(2)).not.toContain('min-replicas-to-write');
  });

  it('lets its parts reach what they ask, and clients the proxy alone', () => {
    const manifests = group().synth();
    const reach = new Reachability(manifests);
    const pods = Object.fromEntries(podsOf(manifests).map((pod) => [pod.name, pod]));
    const allows = (from: string, to: string, port: number) => {
      const [source, target] = [pods[from], pods[to]];
      if (!source || !target) throw new Error('a pod is missing');
      return reach.allows(source, target, port, 'TCP');
    };
    expect(allows('redis', 'redis-node', 6379)).toBe(true);
    expect(allows('redis-node', 'redis-node', 6379)).toBe(true);
    expect(allows('redis-node', 'redis-sentinel', 26379)).toBe(true);
    expect(allows('redis-sentinel', 'redis-node', 6379)).toBe(true);
    expect(allows('redis-sentinel', 'redis-sentinel', 26379)).toBe(true);
    expect(allows('redis', 'redis-sentinel', 26379)).toBe(false);
  });

  it('needs somebody to take over', () => {
    expect(synthError(group(1).synth)).toMatch(/topology\.replicas is 1: use 2 or more/);
  });
});

describe('Redis Cluster', () => {
  function cluster(shards = 3) {
    const on = bench();
    const made = new Redis(on.namespace, 'redis', {
      images: on.images,
      resources: small,
      password: 'Geheim1',
      persistence: { kind: 'aof', ...storage },
      topology: { kind: 'cluster', shards, connections: on.connections },
    });
    return { ...on, made };
  }

  it('has a follower for each leader, and a job that makes it a cluster', () => {
    const manifests = cluster().synth();
    expect(object(manifests, 'StatefulSet', 'redis').spec).toMatchObject({ replicas: 6 });
    expect(String(at(object(manifests, 'ConfigMap', 'redis-config'), 'data', 'redis.conf'))).toContain(
      'cluster-enabled yes',
    );
    expect(String(at(object(manifests, 'ConfigMap', 'redis-create-scripts'), 'data', 'create.sh'))).toContain(
      '--cluster-replicas 1',
    );
    expect(restrictedViolations(podOf(manifests, 'redis'))).toEqual([]);
    expect(cluster().made.workload.ports.redis.facts).toEqual({ MODE: 'cluster' });
  });

  it('needs three leaders to agree', () => {
    expect(synthError(cluster(2).synth)).toMatch(/topology\.shards is 2: use 3 or more/);
  });
});
