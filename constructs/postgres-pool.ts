import { connectionsFor, modest, type PostgresParts, portOf } from './postgres-parts.ts';
import type { PostgresPooling, PostgresProps } from './postgres-props.ts';
import { poolConf } from './postgres-scripts.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';

/** Where clients share connections to the server. It starts after the job that makes their roles. */
export function makePool(
  parts: PostgresParts,
  server: Connectable<'postgres'>,
  pooling: PostgresPooling,
  setup: Workload | undefined,
): Workload<'postgres'> {
  const props = parts.props;
  const pool = new Workload<'postgres'>(parts.scope, 'pool', {
    name: `${parts.name}-pool`,
    component: 'database',
    kind: 'Deployment',
    replicas: pooling.replicas ?? 2,
    image: props.images.get('pgbouncer'),
    command: ['pgbouncer', '/etc/pgbouncer/pgbouncer.ini'],
    resources: modest,
    ...(props.priorityClass && { priorityClass: props.priorityClass }),
    ports: { postgres: portOf(parts) },
    config: [
      {
        name: 'config',
        path: '/etc/pgbouncer',
        files: {
          'pgbouncer.ini': poolConf({
            host: parts.name,
            mode: pooling.mode ?? 'transaction',
            size: pooling.size,
            clients: pooling.clients ?? 1000,
          }),
        },
      },
    ],
    secrets: [
      { path: '/etc/pgbouncer-auth', credentials: parts.credentials, items: { 'userlist.txt': 'userlist.txt' } },
    ],
    probes: probes({
      ready: { command: ['pg_isready', '-q', '-h', '127.0.0.1', '-p', '5432'] },
      live: { tcp: 5432 },
    }),
  });
  connectionsFor(parts, 'pooling').connect(pool, server, 'postgres', { env: false });
  if (setup) pool.controller.addDependency(setup.controller);
  return pool;
}

/** pgbouncer shows the server what it got from the client, so it has to know the passwords itself. */
export function userList({ password, setup }: PostgresProps, database: string): string {
  const users = [{ name: database, password }, ...(setup?.roles ?? [])];
  return users.map((user) => `"${user.name}" "${user.password}"\n`).join('');
}
