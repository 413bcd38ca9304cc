import { Duration } from 'cdk8s';
import type { EnvValue } from 'cdk8s-plus-28';
import { Credentials } from './credentials.ts';
import { connectionsFor, modest, type PostgresParts } from './postgres-parts.ts';
import { type PostgresSetup, passwordVariable, setupSql } from './postgres-setup.ts';
import { type Connectable, Workload } from './workload.ts';

/** The job that makes roles, schemas, databases and extensions, and keeps them up to date. */
export function runSetup(parts: PostgresParts, server: Connectable<'postgres'>, setup: PostgresSetup): Workload {
  const { images, form } = parts.props;
  const replicates = form?.kind !== 'cloudnativepg' && (form?.readReplicas ?? 0) > 0;
  const roles = setup.roles ?? [];
  const sql = setupSql(setup, parts.database) + (replicates ? replicatorSql : '');
  const passwords: Record<string, EnvValue> = {};
  if (roles.length > 0) {
    const values = Object.fromEntries(roles.map((role) => [role.name, role.password]));
    const credentials = new Credentials(parts.scope, 'roles', { name: `${parts.name}-roles`, values });
    for (const [index, role] of roles.entries()) passwords[passwordVariable(index)] = credentials.env(role.name);
  }
  const job = new Workload(parts.scope, 'setup', {
    name: `${parts.name}-setup`,
    component: 'database',
    kind: 'Job',
    run: { timeout: Duration.minutes(15), attempts: 5 },
    image: images.get('postgres'),
    command: ['sh', '/setup/setup.sh'],
    resources: modest,
    ports: {},
    config: [{ name: 'files', path: '/setup', files: { 'setup.sh': setupScript, 'setup.sql': sql } }],
    env: {
      PGHOST: parts.name,
      PGUSER: 'postgres',
      PGDATABASE: parts.database,
      PGPASSWORD: parts.credentials.env('admin-password'),
      HOME: '/tmp',
      ...passwords,
      ...(replicates && { REPLICATION_PASSWORD: parts.credentials.env('replication-password') }),
    },
  });
  connectionsFor(parts, 'a setup').connect(job, server, 'postgres', { env: false });
  return job;
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
