import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { Credentials } from './credentials.ts';
import { postgresSettings, sharedMemoryMiB } from './postgres-settings.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Properties of {@link Postgres}. */
export interface PostgresProps extends ComponentProps {
  readonly storage: Storage;
  /** Password of the administrator `postgres`, who is not for applications. */
  readonly adminPassword: string;
  /** Password of the application's role, which owns the database and nothing else. */
  readonly password: string;
  /**
   * How time series are stored: `extension` where the image has TimescaleDB (hypertables), `native-partitions` where not.
   * Clients learn it as `POSTGRES_TIMESERIES`: `hypertables` or `partitions`.
   */
  readonly timescale: 'extension' | 'native-partitions';
  /** The database, and the role that owns it. @default 'keelson' */
  readonly database?: string;
  /** Work memory is shared out over them. @default 50 */
  readonly maxConnections?: number;
}

/**
 * One PostgreSQL. The data lies in `/data/pgdata` of a claim that outlives the pod.
 *
 * Roles and extension are made when the data folder is first filled; later changes of a password need an operation.
 */
export class Postgres extends Construct implements Connectable<'postgres'> {
  readonly workload: Workload<'postgres'>;

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const name = props.name ?? 'postgres';
    const database = props.database ?? 'keelson';
    const timescale = props.timescale === 'extension';
    const { memory } = props.resources;
    const credentials = new Credentials(this, 'credentials', {
      name,
      values: { 'admin-password': props.adminPassword, user: database, password: props.password },
      forClients: { USER: 'user', PASSWORD: 'password' },
    });
    const settings = postgresSettings({
      memory: memory.limit,
      storage: props.storage.size,
      maxConnections: props.maxConnections ?? 50,
      timescale,
    });
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'database',
      kind: 'StatefulSet',
      image: props.images.get('postgres'),
      command: ['docker-entrypoint.sh', 'postgres'],
      args: Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ports: {
        postgres: {
          number: 5432,
          scheme: 'postgresql',
          path: `/${database}`,
          credentials,
          facts: { TIMESERIES: timescale ? 'hypertables' : 'partitions' },
        },
      },
      env: {
        PGDATA: '/data/pgdata',
        POSTGRES_USER: 'postgres',
        POSTGRES_DB: database,
        POSTGRES_PASSWORD_FILE: '/etc/postgres-secrets/admin-password',
        // Checksums find a damaged page before a backup copies it.
        POSTGRES_INITDB_ARGS: '--data-checksums --auth-host=scram-sha-256',
      },
      config: [
        {
          name: 'init',
          path: '/docker-entrypoint-initdb.d',
          files: { '10-application.sql': initSql(database, timescale) },
        },
      ],
      secrets: [{ path: '/etc/postgres-secrets', credentials }],
      scratch: [
        // The entry point of the image asks its own server at the compiled-in place while it fills the data folder.
        { name: 'run', path: '/var/run/postgresql', size: Size.mebibytes(1) },
        { name: 'shm', path: '/dev/shm', medium: 'memory', size: Size.mebibytes(sharedMemoryMiB(memory.limit)) },
      ],
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      probes: probes({
        // Over TCP: while the data folder is being filled, the server listens on its socket only.
        ready: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres', '-d', database] },
        live: { tcp: 5432 },
        // Recovery after a crash reads the whole log of changes.
        startWithin: Duration.minutes(30),
      }),
      terminationGracePeriod: Duration.seconds(120),
    });
    if (!/^[a-z_][a-z0-9_]{0,30}$/.test(database)) {
      this.workload.report({
        path: 'database',
        value: database,
        cure: 'use at most 31 lower-case letters, digits and underscores, beginning with a letter',
      });
    }
    const [buffers, connections] = [memory.limit.toMebibytes() / 4, props.maxConnections ?? 50];
    if (buffers / connections < 1) {
      this.workload.report({
        path: 'maxConnections',
        value: connections,
        cure: `lower it to ${Math.floor(buffers)}, or raise the memory limit: each connection needs work memory`,
      });
    }
  }
}

/** What the first start makes. psql reads the password from the mounted secret, so that it is in no config map. */
function initSql(database: string, timescale: boolean): string {
  const lines = [
    '\\set ON_ERROR_STOP on',
    '\\set password `cat /etc/postgres-secrets/password`',
    `CREATE ROLE "${database}" LOGIN PASSWORD :'password';`,
    `ALTER DATABASE "${database}" OWNER TO "${database}";`,
    `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;`,
    `ALTER SCHEMA public OWNER TO "${database}";`,
  ];
  if (timescale) lines.push('CREATE EXTENSION IF NOT EXISTS timescaledb;');
  return `${lines.join('\n')}\n`;
}
