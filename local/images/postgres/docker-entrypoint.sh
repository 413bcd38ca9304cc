#!/bin/sh
# Starts PostgreSQL; on an empty volume it makes the database first. Takes the variables that PostgreSQL images usually take:
#   POSTGRES_USER (postgres), POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_DB (the user's name), POSTGRES_INITDB_ARGS,
#   PGDATA; scripts (*.sh, *.sql) in /docker-entrypoint-initdb.d run once, in the order of their names.
# A killed start leaves no half-made database: everything happens in a folder beside PGDATA, which gets its name at the end.
set -eu

fail() {
  echo "docker-entrypoint.sh: $1" >&2
  exit 1
}

initialise() {
  user=${POSTGRES_USER:-postgres}
  database=${POSTGRES_DB:-$user}
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
    [ -z "${POSTGRES_PASSWORD:-}" ] || fail 'POSTGRES_PASSWORD and POSTGRES_PASSWORD_FILE are both set: set one of them'
    [ -r "$POSTGRES_PASSWORD_FILE" ] || fail "POSTGRES_PASSWORD_FILE=$POSTGRES_PASSWORD_FILE cannot be read: mount the secret there"
    POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE")
  fi
  [ -n "${POSTGRES_PASSWORD:-}" ] || fail 'no password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD'

  target=$PGDATA
  PGDATA=$target.initialising
  export PGDATA
  rm -rf "$PGDATA"
  passwords=$(mktemp -d /tmp/initialise.XXXXXX)
  chmod 700 "$passwords"
  printf '%s\n' "$POSTGRES_PASSWORD" > "$passwords/password"
  # shellcheck disable=SC2086 # several arguments in one variable
  initdb --username="$user" --pwfile="$passwords/password" --encoding=UTF8 --locale=C.UTF-8 --auth-local=trust \
    --auth-host=scram-sha-256 --data-checksums --no-sync --no-instructions ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >> "$PGDATA/pg_hba.conf"

  # Reachable through a socket in a private folder alone until all is done.
  pg_ctl --pgdata="$PGDATA" --wait --silent --options="-c listen_addresses='' -c unix_socket_directories='$passwords' -c fsync=off" start
  PGHOST=$passwords PGUSER=$user
  export PGHOST PGUSER
  if [ "$database" != postgres ]; then
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --set=name="$database" --dbname=postgres <<-'SQL'
	CREATE DATABASE :"name";
	SQL
  fi
  PGDATABASE=$database
  export PGDATABASE
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh)
        echo "docker-entrypoint.sh: running $script"
        sh -eu "$script"
        ;;
      *.sql)
        echo "docker-entrypoint.sh: running $script"
        psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file="$script"
        ;;
    esac
  done
  pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop
  rm -rf "$passwords"
  unset PGHOST PGUSER PGDATABASE POSTGRES_PASSWORD

  sync
  [ ! -d "$target" ] || rmdir "$target" || fail "PGDATA=$target is no database and not empty, or a mount point: use a folder inside the volume"
  mv "$PGDATA" "$target"
  sync
  PGDATA=$target
  echo "docker-entrypoint.sh: the database \"$database\" is ready in $PGDATA"
}

case ${1:-postgres} in
  -*) set -- postgres "$@" ;;
esac
if [ "${1:-postgres}" = postgres ]; then
  [ "$#" -gt 0 ] || set -- postgres
  : "${PGDATA:=/data/pgdata}"
  export PGDATA
  [ -s "$PGDATA/PG_VERSION" ] || initialise
  # A container is ended with SIGTERM, upon which the server would wait until its last client leaves, and be killed in the end.
  # SIGINT parts it from its clients and writes everything.
  "$@" &
  server=$!
  trap 'kill -INT "$server"' TERM INT
  status=0
  while kill -0 "$server" 2> /dev/null; do
    status=0
    wait "$server" || status=$?
  done
  exit "$status"
fi
exec "$@"
