import { Duration, Size } from 'cdk8s';
import { common } from './component.ts';
import { rcloneEnvironment, storePath, storePort } from './model-source.ts';
import type { PostgresArchive } from './postgres-cloudnativepg.ts';
import {
  archiveKeys,
  argumentsOf,
  connectionsFor,
  modest,
  type PostgresParts,
  portOf,
  settingsOf,
} from './postgres-parts.ts';
import { archiveCommand, hostRules, replicaScript, shipScript } from './postgres-scripts.ts';
import { sharedMemoryMiB } from './postgres-settings.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Sidecar } from './workload-props.ts';

/** The server that writes, as a StatefulSet. */
export function makeServer(parts: PostgresParts, readReplicas: number): Workload<'postgres'> {
  const props = parts.props;
  const timescale = props.timescale === 'extension';
  const { memory } = props.resources;
  const settings = {
    ...settingsOf(parts),
    ...(readReplicas > 0 && { hba_file: '/etc/postgres/pg_hba.conf' }),
    ...(props.archive && { archive_mode: 'on', archive_command: archiveCommand }),
  };
  const server = new Workload<'postgres'>(parts.scope, 'workload', {
    ...common(props),
    name: parts.name,
    component: 'database',
    kind: 'StatefulSet',
    image: props.images.get('postgres'),
    command: ['docker-entrypoint.sh', 'postgres'],
    args: argumentsOf(settings),
    ports: { postgres: portOf(parts) },
    env: {
      PGDATA: '/data/pgdata',
      POSTGRES_USER: 'postgres',
      POSTGRES_DB: parts.database,
      POSTGRES_PASSWORD_FILE: '/etc/postgres-secrets/admin-password',
      // Checksums find a damaged page before a backup copies it.
      POSTGRES_INITDB_ARGS: '--data-checksums --auth-host=scram-sha-256',
    },
    config: [
      {
        name: 'init',
        path: '/docker-entrypoint-initdb.d',
        files: { '10-application.sql': initSql(parts.database, timescale, props.workRoles ?? []) },
      },
      ...(readReplicas > 0 ? [{ name: 'rules', path: '/etc/postgres', files: { 'pg_hba.conf': hostRules } }] : []),
    ],
    secrets: [{ path: '/etc/postgres-secrets', credentials: parts.credentials }],
    ...volumesOf(parts),
    ...(props.archive && { sidecars: [shipper(parts, props.archive)] }),
    ...(props.placement && { placement: props.placement }),
    probes: probesOf(parts),
    terminationGracePeriod: Duration.seconds(120),
  });
  if (props.archive) connectionsFor(parts, 'an archive').toOutside(server, props.archive.at, storePort(props.archive));
  const buffers = memory.limit.toMebibytes() / 4;
  const connections = props.maxConnections ?? 50;
  if (buffers / connections < 1) {
    server.report({
      path: 'maxConnections',
      value: connections,
      cure: `lower it to ${Math.floor(buffers)}, or raise the memory limit: each connection needs work memory`,
    });
  }
  return server;
}

/** Servers that follow it and can be read from. They start after the job that makes the role with which they do. */
export function makeReaders(
  parts: PostgresParts,
  server: Connectable<'postgres'>,
  replicas: number,
  setup: Workload | undefined,
): Workload<'postgres'> {
  const props = parts.props;
  const readers = new Workload<'postgres'>(parts.scope, 'readers', {
    ...common({ ...props, names: {} }),
    name: `${parts.name}-replica`,
    component: 'database',
    kind: 'StatefulSet',
    replicas,
    image: props.images.get('postgres'),
    command: ['sh', '/scripts/replica.sh'],
    args: argumentsOf(settingsOf(parts)),
    ports: { postgres: portOf(parts) },
    env: {
      PGDATA: '/data/pgdata',
      PRIMARY: parts.name,
      REPLICATION_PASSWORD: parts.credentials.env('replication-password'),
    },
    config: [{ name: 'scripts', path: '/scripts', files: { 'replica.sh': replicaScript } }],
    ...volumesOf(parts),
    ...(props.placement && { placement: props.placement }),
    probes: probesOf(parts),
    terminationGracePeriod: Duration.seconds(120),
  });
  connectionsFor(parts, 'a read replica').connect(readers, server, 'postgres', { env: false });
  if (setup) readers.controller.addDependency(setup.controller);
  return readers;
}

function volumesOf(parts: PostgresParts) {
  const { memory } = parts.props.resources;
  return {
    scratch: [
      // The entry point of the image asks its own server at the compiled-in place while it fills the data folder.
      { name: 'run', path: '/var/run/postgresql', size: Size.mebibytes(1) },
      {
        name: 'shm',
        path: '/dev/shm',
        medium: 'memory' as const,
        size: Size.mebibytes(sharedMemoryMiB(memory.limit)),
      },
    ],
    claims: [{ name: 'data', path: '/data', ...parts.props.storage }],
  };
}

function probesOf(parts: PostgresParts) {
  return probes({
    // Over TCP: while the data folder is being filled, the server listens on its socket only.
    ready: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres', '-d', parts.database] },
    live: { tcp: 5432 },
    // Recovery after a crash reads the whole log of changes.
    startWithin: Duration.minutes(30),
  });
}

/** Brings changes to the bucket. */
function shipper(parts: PostgresParts, archive: PostgresArchive): Sidecar {
  const keys = archive.access.kind === 'keys' ? archiveKeys(parts, archive.access) : undefined;
  const references = keys && { id: keys.env('id'), secret: keys.env('secret') };
  return {
    name: 'archive',
    image: parts.props.images.get('rclone'),
    command: ['sh', '-c', shipScript(storePath(archive, parts.name, 'wal'))],
    env: rcloneEnvironment(archive, references),
    mounts: { data: '/data', tmp: '/tmp' },
    resources: modest,
  };
}

/** What the first start makes. psql reads the password from the mounted secret, so that it is in no config map. */
function initSql(database: string, timescale: boolean, workRoles: readonly string[]): string {
  const lines = [
    '\\set ON_ERROR_STOP on',
    '\\set password `cat /etc/postgres-secrets/password`',
    `CREATE ROLE "${database}" LOGIN PASSWORD :'password';`,
    `ALTER DATABASE "${database}" OWNER TO "${database}";`,
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;`,
    `ALTER SCHEMA public OWNER TO "${database}";`,
    ...workRoles.flatMap((role) => [`CREATE ROLE "${role}" NOLOGIN;`, `GRANT "${role}" TO "${database}";`]),
  ];
  if (timescale) lines.push('CREATE EXTENSION IF NOT EXISTS timescaledb;');
  return `${lines.join('\n')}\n`;
}
