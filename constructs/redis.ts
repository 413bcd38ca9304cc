import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { Credentials } from './credentials.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

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

/** Properties of {@link Redis}. */
export interface RedisProps extends ComponentProps {
  /** Letters and digits, or the token of an Output that will hold such. */
  readonly password: string;
  readonly persistence: RedisPersistence;
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

/** One Redis 7, behind a password, with or without persistence. */
export class Redis extends Construct implements Connectable<'redis'> {
  readonly workload: Workload<'redis'>;

  constructor(scope: Construct, id: string, props: RedisProps) {
    super(scope, id);
    const name = props.name ?? 'redis';
    const limit = props.resources.memory.limit.toMebibytes();
    const maxMemory = props.maxMemory ?? Size.mebibytes(Math.floor(limit * 0.6));
    const credentials = new Credentials(this, 'credentials', {
      name,
      // The second key is what redis.conf includes: a password on the command line would show in the list of processes.
      values: { password: props.password, 'auth.conf': `requirepass "${props.password}"\n` },
      forClients: { PASSWORD: 'password' },
    });
    const { persistence } = props;
    const data = { name: 'data', path: '/data' };
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'cache',
      kind: 'StatefulSet',
      image: props.images.get('redis'),
      command: ['redis-server', '/etc/redis/redis.conf'],
      ports: { redis: { number: 6379, scheme: 'redis', credentials } },
      // redis-cli takes the password from here; the probe's command line has none.
      env: { REDISCLI_AUTH: credentials.env('password') },
      config: [{ name: 'config', path: '/etc/redis', files: { 'redis.conf': redisConf(props, maxMemory) } }],
      secrets: [{ path: '/etc/redis-auth', credentials, items: { 'auth.conf': 'auth.conf' } }],
      ...(persistence.kind === 'none' ? { scratch: [data] } : { claims: [{ ...data, ...storageOf(persistence) }] }),
      probes: probes({
        ready: { command: ['sh', '-c', 'redis-cli ping | grep -q PONG'] },
        live: { tcp: 6379 },
      }),
      // The last snapshot is written at SIGTERM.
      terminationGracePeriod: Duration.seconds(60),
    });
    const largest = Math.floor(limit * largestShare);
    if (maxMemory.toMebibytes({ rounding: 0 }) > largest) {
      this.workload.report({
        path: 'maxMemory',
        value: maxMemory.asString(),
        cure: `lower it to ${largest}Mi, or raise the memory limit of ${limit}Mi: a snapshot copies what changes meanwhile`,
      });
    }
  }
}

function storageOf({ size, storageClass }: Storage): Storage {
  return { size, ...(storageClass && { storageClass }) };
}

/** The configuration file, without the password. */
function redisConf(props: RedisProps, maxMemory: Size): string {
  const { persistence } = props;
  const lines = [
    'include /etc/redis-auth/auth.conf',
    'bind * -::*',
    'port 6379',
    'dir /data',
    'logfile ""',
    'tcp-keepalive 60',
    `maxmemory ${maxMemory.toMebibytes()}mb`,
    `maxmemory-policy ${props.eviction ?? 'noeviction'}`,
    persistence.kind === 'none' ? 'save ""' : 'save 3600 1 300 100 60 10000',
    `appendonly ${persistence.kind === 'aof' ? 'yes' : 'no'}`,
  ];
  if (persistence.kind === 'aof') lines.push(`appendfsync ${persistence.flush === 'write' ? 'always' : 'everysec'}`);
  return `${lines.join('\n')}\n`;
}
