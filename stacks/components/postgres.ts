import type { Construct } from 'constructs';
import { Postgres, type PostgresProps, type PostgresSetup } from '../../constructs/index.ts';
import type { Environment } from '../environments.ts';
import type { PostgresSpec } from '../platforms/platform.ts';
import { type Common, type Surroundings, storageOf } from './surroundings.ts';

/** A relational database, with time series where the environment can. */
export function makePostgres(scope: Construct, spec: PostgresSpec, common: Common, around: Surroundings): Postgres {
  const { environment, connections, secret } = around;
  return new Postgres(scope, spec.name, {
    ...common,
    storage: storageOf(spec, environment),
    adminPassword: secret(spec.adminPassword),
    password: secret(spec.password),
    database: spec.database,
    maxConnections:
      typeof spec.maxConnections === 'number' ? spec.maxConnections : spec.maxConnections[environment.scale],
    connections,
    ...(spec.workRoles && { workRoles: spec.workRoles }),
    setup: setupOf(spec, secret),
    ...readersOf(spec, environment, secret),
    timescale: environment.capabilities.has('timescaledb') ? 'extension' : 'native-partitions',
  });
}

/** Servers to read from, where the scale asks for some. */
function readersOf(
  { readReplicas }: PostgresSpec,
  { scale }: Environment,
  secret: (name: string) => string,
): Partial<Pick<PostgresProps, 'form' | 'replicationPassword'>> {
  const count = readReplicas?.count[scale] ?? 0;
  if (readReplicas === undefined || count === 0) return {};
  const form = { kind: 'statefulset', readReplicas: count } as const;
  return { form, replicationPassword: secret(readReplicas.password) };
}

/** What the server has beside the application's database. Slow statements can be found everywhere. */
function setupOf(spec: PostgresSpec, secret: (name: string) => string): PostgresSetup {
  return {
    databases: spec.databases ?? [],
    roles: (spec.roles ?? []).map(({ name, password }) => ({ name, password: secret(password) })),
    schemas: spec.schemas ?? [],
    extensions: ['pg_stat_statements'],
  };
}
