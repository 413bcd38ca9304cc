/*
 * What the containers of a backup and of a drill run. Each begins with the folder it works in, so that a test can run it elsewhere.
 * A backup lies in `out`, with a folder for each source; a drill finds it again in `in`.
 */

/** Dumps databases, and roles without their passwords. Arguments: the databases. */
export const dumpPostgres = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/out/$SOURCE"
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
pg_dumpall --globals-only --no-role-passwords --file="$here/out/$SOURCE/globals.sql"
for database in "$@"; do
  pg_dump --format=custom --file="$here/out/$SOURCE/$database.dump" "$database"
  echo "dumped $database"
done
`;

/** Restores every dump into a server of its own, and compares tables. Arguments: questions in SQL that have to be answered with true. */
export const checkPostgres = `set -eu
here=\${WORK:-/work}
export PGHOST="$here" PGUSER=postgres PGDATABASE=postgres PGDATA="$here/postgres-$SOURCE"
initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions >/dev/null
trap 'pg_ctl stop --mode=immediate --silent || true' EXIT
pg_ctl --wait --silent --log="$here/postgres.log" start \\
  --options="-c listen_addresses='' -c unix_socket_directories='$here' -c fsync=off -c shared_preload_libraries='$PRELOAD'" || { cat "$here/postgres.log"; exit 1; }
psql --no-psqlrc --quiet --file="$here/in/$SOURCE/globals.sql" >/dev/null 2>&1 || true
for dump in "$here/in/$SOURCE"/*.dump; do
  database=$(basename "$dump" .dump)
  [ "$database" = postgres ] || psql --no-psqlrc --quiet --command="CREATE DATABASE \\"$database\\""
  if [ "$PRELOAD" = timescaledb ]; then
    psql --no-psqlrc --quiet --dbname="$database" --command='CREATE EXTENSION IF NOT EXISTS timescaledb' --command='SELECT timescaledb_pre_restore()' >/dev/null
    pg_restore --dbname="$database" "$dump" 2>/dev/null || true
    psql --no-psqlrc --quiet --dbname="$database" --command='SELECT timescaledb_post_restore()' >/dev/null
  else
    pg_restore --dbname="$database" --exit-on-error "$dump"
  fi
  expected=$(pg_restore --list "$dump" | grep -cE '^[0-9]+; [0-9]+ [0-9]+ TABLE [^D]' || true)
  found=$(psql --no-psqlrc --tuples-only --no-align --dbname="$database" --command="SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')")
  echo "$database: $found tables, $expected in the backup"
  [ "$found" -ge "$expected" ]
done
for question in "$@"; do
  database=\${question%%|*}
  answer=$(psql --no-psqlrc --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$database" --command="\${question#*|}")
  [ "$answer" = t ] || { echo "not true: $question"; exit 1; }
done
`;

/** Fetches a snapshot from the server. */
export const dumpRedis = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/out/$SOURCE"
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
redis-cli -h "$SERVER_HOST" -p "$SERVER_PORT" --rdb "$here/out/$SOURCE/dump.rdb" >/dev/null
redis-cli -h "$SERVER_HOST" -p "$SERVER_PORT" dbsize > "$here/out/$SOURCE/keys"
`;

/** Starts a server from the snapshot, which it reads as a whole or not at all. */
export const checkRedis = `set -eu
here=\${WORK:-/work}
unset REDISCLI_AUTH
socket="$here/redis-$SOURCE.sock"
redis-server --port 0 --unixsocket "$socket" --dir "$here/in/$SOURCE" --dbfilename dump.rdb --save '' --appendonly no \\
  --logfile "$here/redis.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
until redis-cli -s "$socket" ping 2>/dev/null | grep -q PONG; do
  kill -0 "$server" 2>/dev/null || { cat "$here/redis.log"; exit 1; }
  sleep 0.2
done
keys=$(redis-cli -s "$socket" dbsize)
echo "$SOURCE: $keys keys, $(cat "$here/in/$SOURCE/keys") when it was backed up"
if [ "$(cat "$here/in/$SOURCE/keys")" -gt 0 ]; then [ "$keys" -gt 0 ]; fi
`;

/** Makes a snapshot of each collection on each peer, and fetches it. Arguments: the peers' addresses. */
export const dumpQdrant = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/out/$SOURCE"
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
call() { curl --silent --show-error --fail-with-body --header "api-key: $QDRANT_API_KEY" "$@"; }
peer=0
for address in "$@"; do
  for name in $(call "$address/collections" | tr -d ' ' | tr '{' '\\n' | sed -n 's/.*"name":"\\([^"]*\\)".*/\\1/p'); do
    snapshot=$(call --request POST "$address/collections/$name/snapshots?wait=true" | tr -d ' ' | sed -n 's/.*"name":"\\([^"]*\\)".*/\\1/p')
    call --output "$here/out/$SOURCE/$name.$peer.snapshot" "$address/collections/$name/snapshots/$snapshot"
    call --request DELETE "$address/collections/$name/snapshots/$snapshot" >/dev/null
    echo "snapshot of $name on peer $peer"
  done
  peer=$((peer + 1))
done
`;

/** Starts a server from the snapshots, and asks it for each collection. */
export const checkQdrant = `set -eu
here=\${WORK:-/work}
export QDRANT__STORAGE__STORAGE_PATH="$here/qdrant" QDRANT__STORAGE__SNAPSHOTS_PATH="$here/qdrant-snapshots" QDRANT__SERVICE__HOST=127.0.0.1
export QDRANT__TELEMETRY_DISABLED=true QDRANT_INIT_FILE_PATH=/tmp/.qdrant-initialized
set --
for file in "$here/in/$SOURCE"/*.snapshot; do
  [ -e "$file" ] || { echo 'no collection in the backup'; exit 0; }
  set -- "$@" --snapshot "$file:$(basename "$file" .snapshot | tr . _)"
done
cd /qdrant
./qdrant "$@" > "$here/qdrant.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
ask() { bash -c "exec 3<>/dev/tcp/127.0.0.1/6333 && printf 'GET $1 HTTP/1.0\\r\\n\\r\\n' >&3 && cat <&3" 2>/dev/null; }
until ask /readyz | grep -q ' 200 '; do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$here/qdrant.log"; exit 1; }
  sleep 0.5
done
for file in "$here/in/$SOURCE"/*.snapshot; do
  ask "/collections/$(basename "$file" .snapshot | tr . _)" | tr -d ' ' | grep -q '"points_count":'
  echo "restored $(basename "$file")"
done
`;

/** Settings of milvus-backup. Keys come from the environment, where there are any. */
const milvusBackupConfig = `umask 077
cat > /tmp/backup.yaml <<END
log: { level: info, console: true }
http: { simpleResponse: true }
milvus: { address: $SERVER_HOST, port: $SERVER_PORT, authorizationEnabled: false, tlsMode: 0 }
minio:
  storageType: aws
  cloudProvider: aws
  address: $STORE_HOST
  port: $STORE_PORT
  useSSL: $STORE_TLS
  useIAM: $STORE_IAM
  accessKeyID: "\${STORE_ID:-}"
  secretAccessKey: "\${STORE_SECRET:-}"
  bucketName: $STORE_BUCKET
  rootPath: $STORE_PREFIX
  backupStorageType: aws
  backupAddress: $STORE_HOST
  backupPort: $STORE_PORT
  backupUseSSL: $STORE_TLS
  backupAccessKeyID: "\${STORE_ID:-}"
  backupSecretAccessKey: "\${STORE_SECRET:-}"
  backupBucketName: $BACKUP_BUCKET
  backupRootPath: $BACKUP_PREFIX
END
`;

/** Lets milvus-backup copy all collections within the object store. What it is called goes into the backup. */
export const dumpMilvus = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/out/$SOURCE"
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
${milvusBackupConfig}name="\${SOURCE_NAME}_$(cat "$here/epoch")"
/app/milvus-backup --config /tmp/backup.yaml create --name "$name"
echo "$name" > "$here/out/$SOURCE/name"
`;

/** Restores all collections under other names, and drops them again. */
export const checkMilvus = `set -eu
here=\${WORK:-/work}
${milvusBackupConfig}/app/milvus-backup --config /tmp/backup.yaml restore --name "$(cat "$here/in/$SOURCE/name")" --suffix _drill --restore_index
`;

/** Packs a folder, with the sum of each file. */
export const dumpFiles = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/out/$SOURCE"
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
cd "$FOLDER"
find . -type f ! -path './lost+found/*' -exec sha256sum {} + > "$here/out/$SOURCE/files.sha256"
tar -cf - --exclude=./lost+found . | gzip > "$here/out/$SOURCE/files.tar.gz"
`;

/** Unpacks the folder and compares the sums. Files that changed while they were packed are told by them. */
export const checkFiles = `set -eu
here=\${WORK:-/work}
mkdir -p "$here/files-$SOURCE"
gzip -dc "$here/in/$SOURCE/files.tar.gz" | tar -xf - -C "$here/files-$SOURCE"
cd "$here/files-$SOURCE"
if [ -s "$here/in/$SOURCE/files.sha256" ]; then sha256sum -c "$here/in/$SOURCE/files.sha256" >/dev/null; fi
echo "$SOURCE: $(find . -type f | wc -l) files"
`;

/**
 * Brings the backup to its target, marks it as complete, and removes what is older than it has to be kept. A line of `copies.txt` is a
 * folder to copy from another bucket, and what it is called in the backup.
 */
export const upload = `set -eu
here=\${WORK:-/work}
[ -f "$here/epoch" ] || date +%s > "$here/epoch"
mkdir -p "$here/out"
epoch=$(cat "$here/epoch")
folder="$(date -u -d "@$epoch" +%Y%m%d)/$NAME-$(date -u -d "@$epoch" +%H%M%S)Z"
cp "$here/epoch" "$here/out/epoch"
(cd "$here/out" && find . -type f ! -name SHA256SUMS -exec sha256sum {} + > "$here/sums" && mv "$here/sums" SHA256SUMS)
rclone copy "$here/out" "$TARGET/$folder" --retries=5
while read -r from to; do
  rclone copy "$from" "$TARGET/$folder/$to" --retries=5
done < "\${COPIES:-/dev/null}"
echo "$epoch" > "$here/complete"
rclone copyto "$here/complete" "$TARGET/$folder/complete" --retries=5
du -sk "$here/out" | cut -f 1 > "$here/size"
echo "$TARGET/$folder is complete"

rclone lsf --recursive --files-only --include "/*/$NAME-*Z/complete" "$TARGET" | sort > "$here/all"
total=$(wc -l < "$here/all")
if [ -n "\${KEEP_LAST:-}" ]; then
  if [ "$total" -gt "$KEEP_LAST" ]; then head -n $((total - KEEP_LAST)) "$here/all" > "$here/old"; else : > "$here/old"; fi
else
  limit=$(date -u -d "@$((epoch - KEEP_DAYS * 86400))" +%Y%m%d)
  head -n $((total - 1)) "$here/all" | while read -r path; do
    if [ "\${path%%/*}" -lt "$limit" ]; then echo "$path"; fi
  done > "$here/old"
fi
while read -r path; do
  rclone delete --rmdirs "$TARGET/\${path%/complete}"
  echo "removed \${path%/complete}"
done < "$here/old"
`;

/** Tells what was measured. */
export const reportBackup = `set -eu
here=\${WORK:-/work}
epoch=$(cat "$here/epoch")
cat > "$here/metrics" <<END
# TYPE backup_last_success_timestamp_seconds gauge
backup_last_success_timestamp_seconds $epoch
# TYPE backup_duration_seconds gauge
backup_duration_seconds $(($(date +%s) - epoch))
# TYPE backup_size_bytes gauge
backup_size_bytes $(($(cat "$here/size") * 1024))
END
curl --fail --silent --show-error --retry 5 --retry-all-errors --data-binary "@$here/metrics" "$BACKUP_METRICS_URL/metrics/job/backup/backup/$NAME"
`;

/** Fetches the newest complete backup. */
export const fetchNewest = `set -eu
here=\${WORK:-/work}
date +%s > "$here/started"
newest=$(rclone lsf --recursive --files-only --include "/*/$NAME-*Z/complete" "$TARGET" | sort | tail -n 1)
if [ -z "$newest" ]; then echo 'there is no backup' | tee "$here/failed"; exit 0; fi
mkdir -p "$here/in"
rclone copy "$TARGET/\${newest%/complete}" "$here/in" --retries=5
(cd "$here/in" && sha256sum -c SHA256SUMS >/dev/null) || echo 'files are damaged' >> "$here/failed"
echo "fetched $newest"
`;

/** Runs a check and notes a failure, so that the rest is still looked at and told. Arguments: the script and its own. */
export const noteFailure = `here=\${WORK:-/work}
if [ -f "$here/failed" ]; then exit 0; fi
sh "$@" || echo "$SOURCE cannot be restored" >> "$here/failed"
`;

/** Tells what the drill measured, and fails when the backup cannot be restored. */
export const reportDrill = `set -eu
here=\${WORK:-/work}
started=$(cat "$here/started")
success=1
if [ -f "$here/failed" ]; then success=0; fi
{
  echo '# TYPE backup_drill_success gauge'
  echo "backup_drill_success $success"
  echo '# TYPE backup_drill_timestamp_seconds gauge'
  echo "backup_drill_timestamp_seconds $started"
  if [ -f "$here/in/epoch" ]; then
    echo '# TYPE backup_drill_recovery_point_seconds gauge'
    echo "backup_drill_recovery_point_seconds $((started - $(cat "$here/in/epoch")))"
  fi
  if [ "$success" = 1 ]; then
    echo '# TYPE backup_drill_recovery_time_seconds gauge'
    echo "backup_drill_recovery_time_seconds $(($(date +%s) - started))"
  fi
} > "$here/metrics"
curl --fail --silent --show-error --retry 5 --retry-all-errors --data-binary "@$here/metrics" "$BACKUP_METRICS_URL/metrics/job/backup/backup/$NAME"
if [ "$success" = 0 ]; then cat "$here/failed"; exit 1; fi
`;
