import { Duration, Size } from 'cdk8s';
import { Cpu, EnvFieldPaths, EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { Namespace } from './namespace.ts';
import type { Port } from './ports.ts';
import { probes } from './probes.ts';
import {
  clusterScript,
  createClusterScript,
  memberScript,
  proxyConf,
  type RedisHosts,
  redisConf,
  sentinelScript,
} from './redis-settings.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Resources, Storage, WorkloadProps } from './workload-props.ts';

/** What Redis does when it holds as much as it may. */
export type EvictionPolicy =
  | 'noeviction'
  | 'allkeys-lru'
  | 'allkeys-lfu'
  | 'allkeys-random'
  | 'volatile-lru'
  | 'volatile-lfu'
  | 'volatile-random'
  | 'volatile-ttl';

/** What survives a restart. */
export type RedisPersistence =
  /** Nothing. */
  | { readonly kind: 'none' }
  /** Snapshots in `/data/dump.rdb`: a crash loses what came after the last one. */
  | ({ readonly kind: 'rdb' } & Storage)
  /** Every write, flushed once a second or at each one, and snapshots besides. */
  | ({ readonly kind: 'aof'; readonly flush?: 'second' | 'write' } & Storage);

/** How many Redis there are, and how they share the work. */
export type RedisTopology =
  /** One. Without persistence it may be a Deployment, for procedures that look for one. */
  | { readonly kind: 'single'; readonly controller?: 'StatefulSet' | 'Deployment' }
  /**
   * One leads, the others follow and hold copies, and three sentinels choose another leader when it is lost. Clients talk to a
   * proxy that leads them to the leader, so they notice nothing but a lost connection.
   */
  | {
      readonly kind: 'sentinel';
      /** The leader among them. */
      readonly replicas: number;
      readonly connections: Connections;
    }
  /** Keys are shared out over several leaders, each with followers. Clients have to speak the protocol of Redis Cluster. */
  | {
      readonly kind: 'cluster';
      /** Leaders: three or more, because most of them have to agree when one is lost. */
      readonly shards: number;
      /** Followers of each leader. @default 1 */
      readonly replicas?: number;
      readonly connections: Connections;
    };

/** Properties of {@link Redis}. */
export interface RedisProps extends ComponentProps {
  /** Letters and digits, or the token of an Output that will hold such. */
  readonly password: string;
  readonly persistence: RedisPersistence;
  /** @default - a single one */
  readonly topology?: RedisTopology;
  /**
   * Data that it may hold. What is left of the memory limit is for connections and the copy that a snapshot makes.
   * @default - 60 % of the memory limit
   */
  readonly maxMemory?: Size;
  /** `noeviction` where keys are more than a cache. @default 'noeviction' */
  readonly eviction?: EvictionPolicy;
}

/** Share of the memory limit beyond which the copy of a snapshot gets the process killed. */
const largestShare = 0.75;

/** Sentinels: most of them have to agree, so that three bear the loss of one. */
const sentinelCount = 3;
const quorum = 2;

const modest: Resources = {
  cpu: { request: Cpu.millis(20) },
  memory: { request: Size.mebibytes(32), limit: Size.mebibytes(96) },
};

/** Redis 7 behind a password: one, a leader with followers, or a cluster. Clients get `<REDIS>_URL` and `<REDIS>_PASSWORD`. */
export class Redis extends Construct implements Connectable<'redis'> {
  /** What clients talk to. */
  readonly workload: Workload<'redis'>;
  /** What holds the data: the same but for a leader with followers, where a proxy stands before it. */
  readonly data: Workload<'redis'>;
  readonly #credentials: Credentials;
  readonly #props: RedisProps;

  constructor(scope: Construct, id: string, props: RedisProps) {
    super(scope, id);
    const name = props.name ?? 'redis';
    this.#props = props;
    this.#credentials = new Credentials(this, 'credentials', {
      name,
      // The second key is what redis.conf includes: a password on the command line would show in the list of processes.
      values: { password: props.password, 'auth.conf': authConf(props) },
      forClients: { PASSWORD: 'password' },
    });
    const topology = props.topology ?? { kind: 'single' };
    switch (topology.kind) {
      case 'single':
        this.data = this.#server('workload', name, { kind: topology.controller ?? 'StatefulSet' });
        this.workload = this.data;
        break;
      case 'sentinel':
        this.data = this.#members(name, topology);
        this.workload = this.#proxy(name, topology);
        break;
      case 'cluster':
        this.data = this.#cluster(name, topology);
        this.workload = this.data;
        break;
    }
    this.#check(topology);
  }

  #server(
    id: string,
    name: string,
    more: Partial<Omit<WorkloadProps, 'ports'>> &
      Pick<WorkloadProps, 'kind'> & { readonly ports?: Readonly<Record<string, Port>> },
  ): Workload<'redis'> {
    const props = this.#props;
    const { persistence } = props;
    const data = { name: 'data', path: '/data' };
    return new Workload<'redis'>(this, id, {
      ...common(props),
      name,
      component: 'cache',
      image: props.images.get('redis'),
      command: ['redis-server', '/etc/redis/redis.conf'],
      // redis-cli takes the password from here; the probe's command line has none.
      env: { REDISCLI_AUTH: this.#credentials.env('password') },
      secrets: [{ path: '/etc/redis-auth', credentials: this.#credentials, items: { 'auth.conf': 'auth.conf' } }],
      ...(persistence.kind === 'none' ? { scratch: [data] } : { claims: [{ ...data, ...storageOf(persistence) }] }),
      probes: probes({
        ready: { command: ['sh', '-c', 'redis-cli ping | grep -q PONG'] },
        live: { tcp: 6379 },
      }),
      // The last snapshot is written at SIGTERM.
      terminationGracePeriod: Duration.seconds(60),
      ...more,
      ports: { redis: this.#port(), ...more.ports },
      config: [
        { name: 'config', path: '/etc/redis', files: { 'redis.conf': redisConf(props, this.#maxMemory()) } },
        ...(more.config ?? []),
      ],
    });
  }

  #port(more: Partial<Port> = {}): Port {
    return { number: 6379, scheme: 'redis', credentials: this.#credentials, ...more };
  }

  #hosts(name: string, pods: number): RedisHosts {
    return { name, domain: `${name}-headless.${Namespace.of(this).name}.svc`, pods };
  }

  #members(name: string, { replicas, connections }: Extract<RedisTopology, { kind: 'sentinel' }>): Workload<'redis'> {
    const hosts = this.#hosts(`${name}-node`, replicas);
    const sentinels = this.#hosts(`${name}-sentinel`, sentinelCount);
    const scripts = { 'member.sh': memberScript(hosts, sentinels.name) };
    const members = this.#server('members', hosts.name, {
      kind: 'StatefulSet',
      replicas,
      command: ['sh', '/scripts/member.sh'],
      config: [{ name: 'scripts', path: '/scripts', files: scripts }],
    });
    const watch = new Workload<'sentinel'>(this, 'sentinels', {
      name: sentinels.name,
      component: 'cache',
      kind: 'StatefulSet',
      replicas: sentinelCount,
      image: this.#props.images.get('redis'),
      command: ['sh', '/scripts/sentinel.sh'],
      resources: modest,
      ...(this.#props.priorityClass && { priorityClass: this.#props.priorityClass }),
      ports: { sentinel: { number: 26379, scheme: 'redis', credentials: this.#credentials } },
      env: { REDISCLI_AUTH: this.#credentials.env('password') },
      secrets: [{ path: '/etc/redis-auth', credentials: this.#credentials, items: { password: 'password' } }],
      config: [
        { name: 'scripts', path: '/scripts', files: { 'sentinel.sh': sentinelScript(hosts, sentinels, quorum) } },
      ],
      scratch: [{ name: 'data', path: '/data', size: Size.mebibytes(16) }],
      probes: probes({
        ready: { command: ['sh', '-c', 'redis-cli -p 26379 sentinel ckquorum main | grep -q ^OK'] },
        live: { tcp: 26379 },
        started: { tcp: 26379 },
      }),
    });
    // Each asks the others, whoever starts first, so no order follows.
    const silent = { env: false, order: false } as const;
    connections.connect(members, members, 'redis', silent);
    connections.connect(members, watch, 'sentinel', silent);
    connections.connect(watch, members, 'redis', silent);
    connections.connect(watch, watch, 'sentinel', silent);
    return members;
  }

  #proxy(name: string, { replicas, connections }: Extract<RedisTopology, { kind: 'sentinel' }>): Workload<'redis'> {
    const hosts = this.#hosts(`${name}-node`, replicas);
    const proxy = new Workload<'redis' | 'health'>(this, 'workload', {
      name,
      component: 'cache',
      kind: 'Deployment',
      replicas: 2,
      image: this.#props.images.get('haproxy'),
      command: ['haproxy', '-W', '-db', '-f', '/etc/haproxy/haproxy.cfg'],
      resources: modest,
      ...(this.#props.priorityClass && { priorityClass: this.#props.priorityClass }),
      ...(this.#props.names && { names: this.#props.names }),
      ports: { redis: this.#port(), health: { number: 8404, metrics: '/metrics' } },
      env: { REDIS_PASSWORD: this.#credentials.env('password') },
      config: [{ name: 'config', path: '/etc/haproxy', files: { 'haproxy.cfg': proxyConf(hosts) } }],
      probes: probes({ ready: { http: '/ready', port: 8404 }, live: { http: '/live', port: 8404 } }),
    });
    connections.connect(proxy, this.data, 'redis', { env: false });
    return proxy;
  }

  #cluster(name: string, topology: Extract<RedisTopology, { kind: 'cluster' }>): Workload<'redis'> {
    const replicas = topology.replicas ?? 1;
    const hosts = this.#hosts(name, topology.shards * (1 + replicas));
    const members = this.#server('workload', name, {
      kind: 'StatefulSet',
      replicas: hosts.pods,
      command: ['sh', '/scripts/member.sh'],
      config: [{ name: 'scripts', path: '/scripts', files: { 'member.sh': clusterScript(hosts) } }],
      env: {
        REDISCLI_AUTH: this.#credentials.env('password'),
        POD_IP: EnvValue.fromFieldRef(EnvFieldPaths.POD_IP),
      },
      ports: { redis: this.#port({ facts: { MODE: 'cluster' } }), bus: { number: 16379, scheme: 'tcp' } },
    });
    for (const port of ['redis', 'bus'] as const) {
      topology.connections.connect(members, members as Workload<'redis' | 'bus'>, port, { env: false, order: false }); // see ports above
    }
    const create = new Workload(this, 'create', {
      name: `${name}-create`,
      component: 'cache',
      kind: 'Job',
      run: { timeout: Duration.minutes(15), attempts: 5 },
      image: this.#props.images.get('redis'),
      command: ['sh', '/scripts/create.sh'],
      resources: modest,
      ports: {},
      env: { REDISCLI_AUTH: this.#credentials.env('password') },
      config: [{ name: 'scripts', path: '/scripts', files: { 'create.sh': createClusterScript(hosts, replicas) } }],
    });
    topology.connections.connect(create, members, 'redis', { env: false });
    return members;
  }

  #maxMemory(): Size {
    const limit = this.#props.resources.memory.limit.toMebibytes();
    return this.#props.maxMemory ?? Size.mebibytes(Math.floor(limit * 0.6));
  }

  #check(topology: RedisTopology): void {
    const { persistence, resources } = this.#props;
    const report = (path: string, value: unknown, cure: string) => this.workload.report({ path, value, cure });
    const limit = resources.memory.limit.toMebibytes();
    const largest = Math.floor(limit * largestShare);
    const maxMemory = this.#maxMemory();
    if (maxMemory.toMebibytes({ rounding: 0 }) > largest) {
      const cure = `lower it to ${largest}Mi, or raise the memory limit of ${limit}Mi: a snapshot copies what changes meanwhile`;
      report('maxMemory', maxMemory.asString(), cure);
    }
    if (persistence.kind === 'aof') {
      // The file is written anew beside the old one when it has doubled.
      const needs = Math.ceil(maxMemory.toMebibytes() * 3);
      if (persistence.size.toMebibytes() < needs) {
        const cure = `raise it to ${needs}Mi: ${maxMemory.toMebibytes()}Mi of data grow to twice that in the file, which is written anew beside itself`;
        report('persistence.size', persistence.size.asString(), cure);
      }
    }
    if (persistence.kind === 'rdb') {
      const needs = Math.ceil(maxMemory.toMebibytes() * 2);
      if (persistence.size.toMebibytes() < needs) {
        const cure = `raise it to ${needs}Mi: a snapshot is written beside the last one`;
        report('persistence.size', persistence.size.asString(), cure);
      }
    }
    switch (topology.kind) {
      case 'single':
        if (topology.controller === 'Deployment' && persistence.kind !== 'none') {
          report('topology.controller', 'Deployment', 'only a StatefulSet has a claim: use that, or no persistence');
        }
        break;
      case 'sentinel':
        if (!Number.isInteger(topology.replicas) || topology.replicas < 2) {
          report('topology.replicas', topology.replicas, 'use 2 or more: somebody has to take over');
        }
        break;
      case 'cluster':
        if (!Number.isInteger(topology.shards) || topology.shards < 3) {
          report(
            'topology.shards',
            topology.shards,
            'use 3 or more: most of the leaders have to agree when one is lost',
          );
        }
        break;
    }
  }
}

/** What redis.conf includes. Followers show the same password to their leader. */
function authConf({ password, topology }: RedisProps): string {
  const own = `requirepass "${password}"\n`;
  return topology === undefined || topology.kind === 'single' ? own : `${own}masterauth "${password}"\n`;
}

function storageOf({ size, storageClass }: Storage): Storage {
  return { size, ...(storageClass && { storageClass }) };
}
