import type { Size } from 'cdk8s';
import type { RedisProps } from './redis.ts';

/** Settings that every Redis of a topology has, without the password. */
export function redisConf(props: RedisProps, maxMemory: Size): string {
  const { persistence, topology = { kind: 'single' } } = props;
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
  if (topology.kind === 'sentinel') {
    // A leader that is cut off from all followers would take writes that the next leader never sees.
    if (topology.replicas > 2) lines.push('min-replicas-to-write 1', 'min-replicas-max-lag 10');
    lines.push('repl-diskless-sync yes', 'replica-read-only yes');
  }
  if (topology.kind === 'cluster') {
    lines.push(
      'cluster-enabled yes',
      'cluster-config-file /data/nodes.conf',
      'cluster-node-timeout 5000',
      'cluster-preferred-endpoint-type hostname',
      // What the lost shard held cannot be reached, but the rest can.
      'cluster-require-full-coverage no',
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Where the pods of a Redis find each other. */
export interface RedisHosts {
  /** Name of the StatefulSet. */
  readonly name: string;
  /** What follows a pod's name in DNS. */
  readonly domain: string;
  readonly pods: number;
}

/**
 * Starts a member of a group with one leader: it follows whom the sentinels name, then whoever of the others leads, and founds the
 * group itself only as the first of all.
 */
export function memberScript({ name, domain, pods }: RedisHosts, sentinels: string): string {
  return `set -eu
me="$HOSTNAME.${domain}"
leader=$(timeout 3 redis-cli -h ${sentinels} -p 26379 sentinel get-master-addr-by-name main 2>/dev/null | head -n 1 || true)
case "$leader" in *.*) ;; *) leader= ;; esac
ordinal=0
while [ -z "$leader" ] && [ "$ordinal" -lt ${pods} ]; do
  other="${name}-$ordinal.${domain}"
  if [ "$other" != "$me" ] && timeout 3 redis-cli -h "$other" role 2>/dev/null | head -n 1 | grep -q master; then leader=$other; fi
  ordinal=$((ordinal + 1))
done
if [ -z "$leader" ]; then leader="${name}-0.${domain}"; fi
set -- /etc/redis/redis.conf --replica-announce-ip "$me" --replica-announce-port 6379
if [ "$leader" != "$me" ]; then set -- "$@" --replicaof "$leader" 6379; fi
exec redis-server "$@"
`;
}

/** Starts a sentinel. It keeps what it learns in its own file, so that is written here; where a leader is known, it begins with that. */
export function sentinelScript(data: RedisHosts, sentinels: RedisHosts, quorum: number): string {
  return `set -eu
password=$(cat /etc/redis-auth/password)
leader=
while [ -z "$leader" ]; do
  ordinal=0
  while [ -z "$leader" ] && [ "$ordinal" -lt ${data.pods} ]; do
    other="${data.name}-$ordinal.${data.domain}"
    if timeout 3 redis-cli -h "$other" role 2>/dev/null | head -n 1 | grep -q master; then leader=$other; fi
    ordinal=$((ordinal + 1))
  done
  if [ -z "$leader" ]; then echo 'no leader answers yet'; sleep 2; fi
done
umask 077
cat > /data/sentinel.conf <<END
bind * -::*
port 26379
dir /data
logfile ""
requirepass "$password"
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel announce-ip $HOSTNAME.${sentinels.domain}
sentinel monitor main $leader 6379 ${quorum}
sentinel auth-pass main $password
sentinel sentinel-pass $password
sentinel down-after-milliseconds main 5000
sentinel failover-timeout main 60000
sentinel parallel-syncs main 1
END
exec redis-server /data/sentinel.conf --sentinel
`;
}

/** Starts a member of a cluster. Addresses change with pods, so one that knows others introduces itself to them again. */
export function clusterScript({ name, domain, pods }: RedisHosts): string {
  return `set -eu
(
  until redis-cli ping 2>/dev/null | grep -q PONG; do sleep 1; done
  if redis-cli cluster info | grep -q 'cluster_known_nodes:1[^0-9]*$'; then exit 0; fi
  ordinal=0
  while [ "$ordinal" -lt ${pods} ]; do
    address=$(getent hosts "${name}-$ordinal.${domain}" | cut -d ' ' -f 1 || true)
    if [ -n "$address" ]; then redis-cli cluster meet "$address" 6379 || true; fi
    ordinal=$((ordinal + 1))
  done
) &
exec redis-server /etc/redis/redis.conf --cluster-announce-ip "$POD_IP" --cluster-announce-hostname "$HOSTNAME.${domain}"
`;
}

/** Makes a cluster of members that do not know each other yet; does nothing where there is one. */
export function createClusterScript({ name, domain, pods }: RedisHosts, replicas: number): string {
  return `set -eu
addresses=
ordinal=0
while [ "$ordinal" -lt ${pods} ]; do
  host="${name}-$ordinal.${domain}"
  until timeout 3 redis-cli -h "$host" ping 2>/dev/null | grep -q PONG; do echo "waiting for $host"; sleep 2; done
  addresses="$addresses $(getent hosts "$host" | cut -d ' ' -f 1):6379"
  ordinal=$((ordinal + 1))
done
if redis-cli -h "${name}-0.${domain}" cluster info | grep -q 'cluster_slots_assigned:16384'; then
  echo 'the cluster exists'
  exit 0
fi
redis-cli --cluster create $addresses --cluster-replicas ${replicas} --cluster-yes
`;
}

/** Leads clients to the leader: the one that says so of itself. */
export function proxyConf({ pods, domain }: RedisHosts): string {
  return `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 3s
  timeout client 1h
  timeout server 1h
  timeout check 2s
resolvers cluster
  parse-resolv-conf
  hold valid 5s
frontend redis
  bind :6379
  default_backend leader
frontend health
  mode http
  bind :8404
  timeout client 5s
  http-request use-service prometheus-exporter if { path /metrics }
  monitor-uri /live
  acl leaderless nbsrv(leader) lt 1
  http-request return status 503 if { path /ready } leaderless
  http-request return status 200 if { path /ready }
backend leader
  option tcp-check
  tcp-check connect
  tcp-check send-lf "AUTH %[env(REDIS_PASSWORD)]\\r\\n"
  tcp-check expect string +OK
  tcp-check send "ROLE\\r\\n"
  # A leader answers with three things, a follower with five.
  tcp-check expect rstring '^[*]3'
  server-template node ${pods} ${domain}:6379 check inter 1s fall 2 rise 1 on-marked-down shutdown-sessions resolvers cluster init-addr none
`;
}
