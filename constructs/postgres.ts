import { type ApiObject, Duration, Size } from 'cdk8s';
import { Cpu, type EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Connections, Outside } from './connections.ts';
import { Credentials } from './credentials.ts';
import { rcloneEnvironment, storePath, storePort } from './model-source.ts';
import { archiveObjects, clusterSpec, type PostgresArchive } from './postgres-cloudnativepg.ts';
import { archiveCommand, hostRules, poolConf, replicaScript, shipScript } from './postgres-scripts.ts';
import { postgresSettings, sharedMemoryMiB } from './postgres-settings.ts';
import { checkSetup, type PostgresSetup, passwordVariable, setupSql } from './postgres-setup.ts';
import { probes } from './probes.ts';
import { WiringError } from './problem.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Placement, Resources, Sidecar, Storage } from './workload-props.ts';

/** Who runs the servers. */
export type PostgresForm =
  /** One server that writes, and others that follow it and can be read from. */
  | {
      readonly kind: 'statefulset';
      /** @default 0 */
      readonly readReplicas?: number;
    }
  /** The operator CloudNativePG, where the cluster has it: it chooses another primary when one is lost. */
  | {
      readonly kind: 'cloudnativepg';
      /** Servers, the primary among them. */
      readonly instances: number;
      /** The log of changes on a volume of its own. @default - beside the data */
      readonly walStorage?: Storage;
      /** Address of the Kubernetes API, which every server asks who is the primary. */
      readonly api: Outside;
      /** Namespace of the operator. @default 'cnpg-system' */
      readonly operatorNamespace?: string;
    };

/** Clients share connections to the server, so that more of them can be there at a time. */
export interface PostgresPooling {
  /** `transaction` gives a connection back after each transaction: no session settings, no advisory locks. @default 'transaction' */
  readonly mode?: 'transaction' | 'session';
  /** Connections to the server for each pair of role and database, from each pod. */
  readonly size: number;
  /** Clients of each pod. @default 1000 */
  readonly clients?: number;
  /** @default 2 */
  readonly replicas?: number;
}

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
  /**
   * Roles without a login that the application's role may take on, each for a part of its work. Made with the database, before
   * anybody connects. Only for a StatefulSet. @default - none
   */
  readonly workRoles?: readonly string[];
  /** Work memory is shared out over them. @default 50 */
  readonly maxConnections?: number;
  /** Memory for pages that many queries read. @default - a quarter of the memory limit */
  readonly sharedBuffers?: Size;
  /** More settings of the server, which win. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
  /** @default - a StatefulSet of one */
  readonly form?: PostgresForm;
  /** Roles, schemas, databases and extensions, which a job makes and keeps up to date. @default - none */
  readonly setup?: PostgresSetup;
  /** @default - clients connect to the server itself */
  readonly pooling?: PostgresPooling;
  /** Every change goes to a bucket, so that any moment can be restored. @default - none: only backups can be */
  readonly archive?: PostgresArchive;
  /** Password with which read replicas follow. @default - required where a StatefulSet has any */
  readonly replicationPassword?: string;
  /** @default - any node */
  readonly placement?: Placement;
  /** @default - required where there is more than the server itself */
  readonly connections?: Connections;
}

const modest: Resources = {
  cpu: { request: Cpu.millis(20) },
  memory: { request: Size.mebibytes(32), limit: Size.mebibytes(128) },
};

/**
 * PostgreSQL: a StatefulSet, with read replicas where asked for, or a cluster of CloudNativePG. The data of a StatefulSet lies in
 * `/data/pgdata` of a claim that outlives the pod.
 *
 * Its role, database and extension are made when the data folder is first filled; later changes of a password need an operation.
 */
export class Postgres extends Construct implements Connectable<'postgres'> {
  /** The server that writes. */
  readonly workload: Workload<'postgres'>;
  /** Where clients share connections; absent without pooling. */
  readonly pool: Workload<'postgres'> | undefined;
  /** Servers to read from that are a workload of their own; absent where there are none, or an operator has them. */
  readonly readers: Workload<'postgres'> | undefined;
  readonly #name: string;
  readonly #database: string;
  readonly #props: PostgresProps;
  readonly #credentials: Credentials;
  readonly #setup: PostgresSetup | undefined;

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const name = props.name ?? 'postgres';
    const database = props.database ?? 'keelson';
    const form = props.form ?? { kind: 'statefulset' };
    const readReplicas = form.kind === 'statefulset' ? (form.readReplicas ?? 0) : 0;
    this.#name = name;
    this.#database = database;
    this.#props = props;
    this.#setup = this.#wholeSetup(readReplicas);
    this.#credentials = new Credentials(this, 'credentials', {
      name,
      values: {
        'admin-password': props.adminPassword,
        user: database,
        password: props.password,
        ...(readReplicas > 0 && { 'replication-password': props.replicationPassword ?? '' }),
        ...(props.pooling && { 'userlist.txt': this.#userList() }),
      },
      forClients: { USER: 'user', PASSWORD: 'password' },
    });
    this.workload = form.kind === 'statefulset' ? this.#server(readReplicas) : this.#cluster(form);
    const setup = this.#setup && this.#runSetup(this.#setup);
    this.readers = readReplicas > 0 ? this.#readers(readReplicas, setup) : undefined;
    this.pool = props.pooling && this.#pool(props.pooling, setup);
    this.#check(form, readReplicas);
  }

  /** What the job makes: what is asked for, and the role that replicas follow with. */
  #wholeSetup(readReplicas: number): PostgresSetup | undefined {
    return this.#props.setup ?? (readReplicas > 0 ? {} : undefined);
  }

  #connections(path: string): Connections {
    const { connections } = this.#props;
    if (connections !== undefined) return connections;
    const cure = 'hand over the connections of the platform: parts of it have to reach each other';
    throw new WiringError(this.node.path, { path: 'connections', value: `none, though there is ${path}`, cure });
  }

  #settings(): Readonly<Record<string, string>> {
    const { resources, storage, maxConnections = 50, timescale, sharedBuffers, archive, form, settings } = this.#props;
    const replicates = form?.kind === 'statefulset' && (form.readReplicas ?? 0) > 0;
    const base = postgresSettings({
      memory: resources.memory.limit,
      storage: storage.size,
      maxConnections,
      timescale: timescale === 'extension',
    });
    return {
      ...base,
      ...(sharedBuffers && { shared_buffers: `${sharedBuffers.toMebibytes()}MB` }),
      // A replica that was away for a while finds what it missed.
      ...(replicates && { wal_keep_size: `${Math.floor(Math.min(2048, storage.size.toMebibytes() / 16))}MB` }),
      ...(archive && { archive_timeout: '300' }),
      ...(this.#setup?.extensions?.includes('pg_stat_statements') && {
        shared_preload_libraries: [base.shared_preload_libraries, 'pg_stat_statements'].filter(Boolean).join(','),
      }),
      ...settings,
    };
  }

  #port(facts: Readonly<Record<string, string>> = {}) {
    const timescale = this.#props.timescale === 'extension';
    return {
      number: 5432,
      scheme: 'postgresql',
      path: `/${this.#database}`,
      credentials: this.#credentials,
      facts: { TIMESERIES: timescale ? 'hypertables' : 'partitions', ...facts },
    };
  }

  #server(readReplicas: number): Workload<'postgres'> {
    const props = this.#props;
    const timescale = props.timescale === 'extension';
    const { memory } = props.resources;
    const settings = {
      ...this.#settings(),
      ...(readReplicas > 0 && { hba_file: '/etc/postgres/pg_hba.conf' }),
      ...(props.archive && { archive_mode: 'on', archive_command: archiveCommand }),
    };
    const server = new Workload<'postgres'>(this, 'workload', {
      ...common(props),
      name: this.#name,
      component: 'database',
      kind: 'StatefulSet',
      image: props.images.get('postgres'),
      command: ['docker-entrypoint.sh', 'postgres'],
      args: argumentsOf(settings),
      ports: { postgres: this.#port() },
      env: {
        PGDATA: '/data/pgdata',
        POSTGRES_USER: 'postgres',
        POSTGRES_DB: this.#database,
        POSTGRES_PASSWORD_FILE: '/etc/postgres-secrets/admin-password',
        // Checksums find a damaged page before a backup copies it.
        POSTGRES_INITDB_ARGS: '--data-checksums --auth-host=scram-sha-256',
      },
      config: [
        {
          name: 'init',
          path: '/docker-entrypoint-initdb.d',
          files: { '10-application.sql': initSql(this.#database, timescale, props.workRoles ?? []) },
        },
        ...(readReplicas > 0 ? [{ name: 'rules', path: '/etc/postgres', files: { 'pg_hba.conf': hostRules } }] : []),
      ],
      secrets: [{ path: '/etc/postgres-secrets', credentials: this.#credentials }],
      ...this.#volumes(),
      ...(props.archive && { sidecars: [this.#shipper(props.archive)] }),
      ...(props.placement && { placement: props.placement }),
      probes: this.#probes(),
      terminationGracePeriod: Duration.seconds(120),
    });
    if (props.archive) this.#connections('an archive').toOutside(server, props.archive.at, storePort(props.archive));
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

  #volumes() {
    const { memory } = this.#props.resources;
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
      claims: [{ name: 'data', path: '/data', ...this.#props.storage }],
    };
  }

  #probes() {
    return probes({
      // Over TCP: while the data folder is being filled, the server listens on its socket only.
      ready: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres', '-d', this.#database] },
      live: { tcp: 5432 },
      // Recovery after a crash reads the whole log of changes.
      startWithin: Duration.minutes(30),
    });
  }

  #shipper(archive: PostgresArchive): Sidecar {
    const keys = archive.access.kind === 'keys' ? this.#archiveKeys(archive.access) : undefined;
    const references = keys && { id: keys.env('id'), secret: keys.env('secret') };
    return {
      name: 'archive',
      image: this.#props.images.get('rclone'),
      command: ['sh', '-c', shipScript(storePath(archive, this.#name, 'wal'))],
      env: rcloneEnvironment(archive, references),
      mounts: { data: '/data', tmp: '/tmp' },
      resources: modest,
    };
  }

  #archiveKeys({ id, secret }: { readonly id: string; readonly secret: string }): Credentials {
    return new Credentials(this, 'archive-credentials', { name: `${this.#name}-archive`, values: { id, secret } });
  }

  #readers(replicas: number, setup: Workload | undefined): Workload<'postgres'> {
    const props = this.#props;
    const readers = new Workload<'postgres'>(this, 'readers', {
      ...common({ ...props, names: {} }),
      name: `${this.#name}-replica`,
      component: 'database',
      kind: 'StatefulSet',
      replicas,
      image: props.images.get('postgres'),
      command: ['sh', '/scripts/replica.sh'],
      args: argumentsOf(this.#settings()),
      ports: { postgres: this.#port() },
      env: {
        PGDATA: '/data/pgdata',
        PRIMARY: this.#name,
        REPLICATION_PASSWORD: this.#credentials.env('replication-password'),
      },
      config: [{ name: 'scripts', path: '/scripts', files: { 'replica.sh': replicaScript } }],
      ...this.#volumes(),
      ...(props.placement && { placement: props.placement }),
      probes: this.#probes(),
      terminationGracePeriod: Duration.seconds(120),
    });
    this.#connections('a read replica').connect(readers, this.workload, 'postgres', { env: false });
    if (setup) readers.controller.addDependency(setup.controller);
    return readers;
  }

  #cluster(form: Extract<PostgresForm, { kind: 'cloudnativepg' }>): Workload<'postgres'> {
    const props = this.#props;
    const name = this.#name;
    const login = (id: string, username: string, password: string) =>
      new Credentials(this, id, { name: `${name}-${id}`, values: { username, password } });
    const secrets = {
      admin: login('superuser', 'postgres', props.adminPassword).name,
      application: login('app', this.#database, props.password).name,
    };
    const timescale = props.timescale === 'extension';
    const connections = this.#connections('a cluster');
    const workload = new Workload<'postgres' | 'metrics' | 'status'>(this, 'workload', {
      ...common(props),
      name,
      component: 'database',
      kind: 'Custom',
      image: props.images.get('postgres-cloudnativepg'),
      replicas: form.instances,
      ports: {
        postgres: this.#port({ READ_URL: `postgresql://${name}-ro:5432/${this.#database}` }),
        metrics: { number: 9187, metrics: '/metrics' },
        status: { number: 8000 },
      },
      custom: {
        apiVersion: 'postgresql.cnpg.io/v1',
        kind: 'Cluster',
        serves: { 'cnpg.io/instanceRole': 'primary' },
        spec: clusterSpec({
          name,
          instances: form.instances,
          image: props.images.get('postgres-cloudnativepg').reference,
          database: this.#database,
          storage: props.storage,
          ...(form.walStorage && { walStorage: form.walStorage }),
          resources: props.resources,
          settings: this.#settings(),
          timescale,
          secrets,
          ...(props.archive && { archive: props.archive }),
          ...(props.placement && { placement: props.placement }),
          ...(props.priorityClass && { priorityClass: props.priorityClass }),
        }),
      },
    });
    for (const port of ['postgres', 'status'] as const) {
      connections.connect(workload, workload, port, { env: false, order: false });
    }
    connections.fromOutside({ namespace: form.operatorNamespace ?? 'cnpg-system' }, workload, 'status');
    connections.fromOutside({ namespace: form.operatorNamespace ?? 'cnpg-system' }, workload, 'postgres');
    connections.toOutside(workload, form.api, 443);
    connections.toOutside(workload, form.api, 6443);
    if (props.archive) {
      const { archive } = props;
      const keys = archive.access.kind === 'keys' ? this.#archiveKeys(archive.access).name : undefined;
      connections.toOutside(workload, archive.at, storePort(archive));
      const [store, backups] = archiveObjects(this, { name, namespace: workload.namespace.name, archive, keys });
      const order = (first: ApiObject | undefined, then: ApiObject | undefined) => first && then?.addDependency(first);
      order(store, workload.controller);
      order(workload.controller, backups);
    }
    return workload;
  }

  #runSetup(setup: PostgresSetup): Workload {
    const { images, form } = this.#props;
    const replicates = form?.kind !== 'cloudnativepg' && (form?.readReplicas ?? 0) > 0;
    const roles = setup.roles ?? [];
    const sql = setupSql(setup, this.#database) + (replicates ? replicatorSql : '');
    const passwords: Record<string, EnvValue> = {};
    if (roles.length > 0) {
      const values = Object.fromEntries(roles.map((role) => [role.name, role.password]));
      const credentials = new Credentials(this, 'roles', { name: `${this.#name}-roles`, values });
      for (const [index, role] of roles.entries()) passwords[passwordVariable(index)] = credentials.env(role.name);
    }
    const job = new Workload(this, 'setup', {
      name: `${this.#name}-setup`,
      component: 'database',
      kind: 'Job',
      run: { timeout: Duration.minutes(15), attempts: 5 },
      image: images.get('postgres'),
      command: ['sh', '/setup/setup.sh'],
      resources: modest,
      ports: {},
      config: [{ name: 'files', path: '/setup', files: { 'setup.sh': setupScript, 'setup.sql': sql } }],
      env: {
        PGHOST: this.#name,
        PGUSER: 'postgres',
        PGDATABASE: this.#database,
        PGPASSWORD: this.#credentials.env('admin-password'),
        HOME: '/tmp',
        ...passwords,
        ...(replicates && { REPLICATION_PASSWORD: this.#credentials.env('replication-password') }),
      },
    });
    this.#connections('a setup').connect(job, this.workload, 'postgres', { env: false });
    return job;
  }

  #pool(pooling: PostgresPooling, setup: Workload | undefined): Workload<'postgres'> {
    const props = this.#props;
    const pool = new Workload<'postgres'>(this, 'pool', {
      name: `${this.#name}-pool`,
      component: 'database',
      kind: 'Deployment',
      replicas: pooling.replicas ?? 2,
      image: props.images.get('pgbouncer'),
      command: ['pgbouncer', '/etc/pgbouncer/pgbouncer.ini'],
      resources: modest,
      ...(props.priorityClass && { priorityClass: props.priorityClass }),
      ports: { postgres: this.#port() },
      config: [
        {
          name: 'config',
          path: '/etc/pgbouncer',
          files: {
            'pgbouncer.ini': poolConf({
              host: this.#name,
              mode: pooling.mode ?? 'transaction',
              size: pooling.size,
              clients: pooling.clients ?? 1000,
            }),
          },
        },
      ],
      secrets: [
        { path: '/etc/pgbouncer-auth', credentials: this.#credentials, items: { 'userlist.txt': 'userlist.txt' } },
      ],
      probes: probes({
        ready: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-p', '5432'] },
        live: { tcp: 5432 },
      }),
    });
    this.#connections('pooling').connect(pool, this.workload, 'postgres', { env: false });
    if (setup) pool.controller.addDependency(setup.controller);
    return pool;
  }

  /** pgbouncer shows the server what it got from the client, so it has to know the passwords itself. */
  #userList(): string {
    const { password, setup } = this.#props;
    const users = [{ name: this.#database, password }, ...(setup?.roles ?? [])];
    return users.map((user) => `"${user.name}" "${user.password}"\n`).join('');
  }

  #check(form: PostgresForm, readReplicas: number): void {
    const { pooling, maxConnections = 50, sharedBuffers, resources, replicationPassword, setup } = this.#props;
    const report = (path: string, value: unknown, cure: string) => this.workload.report({ path, value, cure });
    if (!/^[a-z_][a-z0-9_]{0,30}$/.test(this.#database)) {
      const cure = 'use at most 31 lower-case letters, digits and underscores, beginning with a letter';
      report('database', this.#database, cure);
    }
    for (const role of this.#props.workRoles ?? []) {
      if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) {
        report('workRoles', role, 'use lower-case letters, digits and underscores, beginning with a letter');
      }
    }
    if (form.kind === 'cloudnativepg' && (this.#props.workRoles ?? []).length > 0) {
      report('workRoles', this.#props.workRoles, 'the operator makes none: leave them out, or use a StatefulSet');
    }
    for (const found of setup ? checkSetup(setup, this.#database) : []) this.workload.report(found);
    if (form.kind === 'cloudnativepg' && (!Number.isInteger(form.instances) || form.instances < 1)) {
      report('form.instances', form.instances, 'use a whole number, 1 or more');
    }
    if (readReplicas > 0 && replicationPassword === undefined) {
      report('replicationPassword', null, 'give the password with which replicas follow');
    }
    if (sharedBuffers && sharedBuffers.toMebibytes() > resources.memory.limit.toMebibytes() * 0.4) {
      const most = Math.floor(resources.memory.limit.toMebibytes() * 0.4);
      report(
        'sharedBuffers',
        sharedBuffers.asString(),
        `lower it to ${most}Mi, 40 % of the memory limit: queries need the rest`,
      );
    }
    if (pooling) {
      const pods = pooling.replicas ?? 2;
      const pairs = 1 + (setup?.roles ?? []).length;
      const most = Math.floor((maxConnections - 5) / pods / pairs);
      if (pooling.size > most) {
        const cure = `lower it to ${most}: ${pods} pods with a pool for each of ${pairs} roles share ${maxConnections} connections, of which 5 are for operations`;
        report('pooling.size', pooling.size, cure);
      }
    }
  }
}

function argumentsOf(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** Waits until the server takes connections from elsewhere, then runs the script as the administrator. */
const setupScript = `set -eu
until pg_isready --quiet; do echo 'waiting for the server'; sleep 2; done
exec psql --no-psqlrc --quiet --file=/setup/setup.sql
`;

const replicatorSql = `SELECT 'CREATE ROLE replicator LOGIN REPLICATION' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'replicator') \\gexec
\\getenv password REPLICATION_PASSWORD
ALTER ROLE replicator WITH LOGIN REPLICATION PASSWORD :'password';
`;

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
