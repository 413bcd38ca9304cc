/** Fills the volume from the primary when it is empty, and follows it. Arguments are the server's settings. */
export const replicaScript = `set -eu
umask 077
port=\${PRIMARY_PORT:-5432}
PGPASSFILE=$(mktemp /tmp/pgpass.XXXXXX)
export PGPASSFILE
printf '%s:%s:*:replicator:%s\\n' "$PRIMARY" "$port" "$REPLICATION_PASSWORD" > "$PGPASSFILE"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  rm -rf "$PGDATA.partial"
  pg_basebackup --host="$PRIMARY" --port="$port" --username=replicator --pgdata="$PGDATA.partial" --wal-method=stream --checkpoint=fast
  mv "$PGDATA.partial" "$PGDATA"
fi
touch "$PGDATA/standby.signal"
exec postgres "$@" -c hot_standby=on \\
  -c "primary_conninfo=host=$PRIMARY port=$port user=replicator passfile=$PGPASSFILE application_name=$HOSTNAME"
`;

/** Who may come in, and how. Only what the pod itself does goes without a password. */
export const hostRules = `local all all trust
host all all all scram-sha-256
host replication replicator all scram-sha-256
`;

/** Ships finished pieces of the log of changes. What is shipped leaves the folder. */
export function shipScript(destination: string): string {
  return `set -eu
mkdir -p /data/archive
while true; do
  rclone move /data/archive "${destination}" --include '0*' --transfers=4 --retries=3 --log-level=NOTICE || echo 'not shipped, trying again' >&2
  sleep 15 &
  wait $!
done
`;
}

/** Copies a piece of the log under its name only when all of it is there. */
export const archiveCommand =
  'mkdir -p /data/archive && test ! -f /data/archive/%f && cp %p /data/archive/.%f && mv /data/archive/.%f /data/archive/%f';

/** Settings of pgbouncer. */
export interface PoolSettings {
  readonly host: string;
  readonly mode: 'transaction' | 'session';
  readonly size: number;
  readonly clients: number;
}

/** pgbouncer.ini. */
export function poolConf({ host, mode, size, clients }: PoolSettings): string {
  return `[databases]
* = host=${host} port=5432
[pgbouncer]
listen_addr = 0.0.0.0
listen_port = 5432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /etc/pgbouncer-auth/userlist.txt
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = ${clients}
max_prepared_statements = 200
server_idle_timeout = 300
server_lifetime = 3600
query_wait_timeout = 30
ignore_startup_parameters = extra_float_digits,search_path
log_connections = 0
log_disconnections = 0
`;
}
