import type { Problem } from './problem.ts';

/** What a role may do in a schema. */
export type SchemaRight =
  /** Reads its tables. */
  | 'read'
  /** Reads and writes its tables. */
  | 'write'
  /** Adds rows and reads them, and can change none: for logs of what happened. */
  | 'append'
  /** Makes and drops what is in it. */
  | 'own';

/** A schema, and who may do what in it. */
export interface PostgresSchema {
  readonly name: string;
  /** @default - the application's database */
  readonly database?: string;
  /** Role to right. Exactly one owns it. */
  readonly roles: Readonly<Record<string, SchemaRight>>;
}

/** A role beside the application's. */
export interface PostgresRole {
  readonly name: string;
  readonly password: string;
  /** @default - as many as the server allows */
  readonly connectionLimit?: number;
  /** Schemas that names without one are looked up in, in this order. @default - the role's own, then `public` */
  readonly searchPath?: readonly string[];
}

/** What a job makes in the server, and keeps up to date. Nothing is ever dropped. */
export interface PostgresSetup {
  /** Databases beside the application's; its role owns them. @default - none */
  readonly databases?: readonly string[];
  /** @default - none */
  readonly roles?: readonly PostgresRole[];
  /** @default - none */
  readonly schemas?: readonly PostgresSchema[];
  /** Extensions of every database, for example `pg_stat_statements`. @default - none */
  readonly extensions?: readonly string[];
}

const name = /^[a-z_][a-z0-9_]{0,30}$/;

/** Variable of the job that holds a role's password. */
export function passwordVariable(index: number): string {
  return `ROLE_PASSWORD_${index}`;
}

/** What the setup gets wrong. */
export function checkSetup(setup: PostgresSetup, application: string): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path: `setup.${path}`, value, cure });
  const cure = 'use at most 31 lower-case letters, digits and underscores, beginning with a letter';
  const { databases = [], roles = [], schemas = [], extensions = [] } = setup;
  for (const database of databases) if (!name.test(database)) add('databases', database, cure);
  for (const role of roles) {
    if (!name.test(role.name)) add('roles', role.name, cure);
    if (role.name === application) add('roles', role.name, 'it is the application’s own role: give it another name');
  }
  for (const extension of extensions) if (!/^[a-z][a-z0-9_-]*$/.test(extension)) add('extensions', extension, cure);
  const known = new Set([application, ...roles.map((role) => role.name)]);
  const homes = new Set([application, ...databases]);
  for (const schema of schemas) {
    if (!name.test(schema.name)) add('schemas', schema.name, cure);
    if (schema.database !== undefined && !homes.has(schema.database)) {
      add(`schemas.${schema.name}.database`, schema.database, `use one of ${[...homes].join(', ')}`);
    }
    for (const role of Object.keys(schema.roles)) {
      if (!known.has(role)) add(`schemas.${schema.name}.roles`, role, `use one of ${[...known].join(', ')}`);
    }
    const owners = Object.entries(schema.roles).filter(([, right]) => right === 'own');
    if (owners.length !== 1) {
      add(
        `schemas.${schema.name}.roles`,
        owners.map(([role]) => role),
        'let exactly one role own it',
      );
    }
  }
  return problems;
}

/** The script that the job runs. psql gets passwords from the environment, so that they are in no config map and no log. */
export function setupSql(setup: PostgresSetup, application: string): string {
  const { databases = [], roles = [], schemas = [], extensions = [] } = setup;
  const all = [application, ...databases];
  return [
    '\\set ON_ERROR_STOP on',
    ...roles.flatMap(roleSql),
    ...databases.flatMap((database) => [
      `SELECT 'CREATE DATABASE "${database}" OWNER "${application}"' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '${database}') \\gexec`,
      `REVOKE ALL ON DATABASE "${database}" FROM PUBLIC;`,
    ]),
    ...all.flatMap((database) => databaseSql(database, schemas, extensions, roles, database === application)),
    '',
  ].join('\n');
}

function roleSql(role: PostgresRole, index: number): readonly string[] {
  return [
    `SELECT 'CREATE ROLE "${role.name}" LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role.name}') \\gexec`,
    `\\getenv password ${passwordVariable(index)}`,
    `ALTER ROLE "${role.name}" WITH LOGIN PASSWORD :'password' CONNECTION LIMIT ${role.connectionLimit ?? -1};`,
    ...(role.searchPath === undefined
      ? []
      : [`ALTER ROLE "${role.name}" SET search_path TO ${role.searchPath.map((schema) => `"${schema}"`).join(', ')};`]),
  ];
}

function databaseSql(
  database: string,
  schemas: readonly PostgresSchema[],
  extensions: readonly string[],
  roles: readonly PostgresRole[],
  home: boolean,
): readonly string[] {
  const own = schemas.filter((schema) => (home ? (schema.database ?? database) : schema.database) === database);
  const connecting = new Set(own.flatMap((schema) => Object.keys(schema.roles)));
  return [
    `\\connect "${database}"`,
    ...extensions.map((extension) => `CREATE EXTENSION IF NOT EXISTS "${extension}";`),
    ...roles
      .filter((role) => connecting.has(role.name))
      .map((role) => `GRANT CONNECT, TEMPORARY ON DATABASE "${database}" TO "${role.name}";`),
    ...own.flatMap(schemaSql),
  ];
}

function schemaSql(schema: PostgresSchema): readonly string[] {
  const entries = Object.entries(schema.roles);
  const owner = entries.find(([, right]) => right === 'own')?.[0] ?? '';
  return [
    `CREATE SCHEMA IF NOT EXISTS "${schema.name}";`,
    `ALTER SCHEMA "${schema.name}" OWNER TO "${owner}";`,
    `REVOKE ALL ON SCHEMA "${schema.name}" FROM PUBLIC;`,
    ...entries.flatMap(([role, right]) => grants(schema.name, owner, role, right)),
  ];
}

/** Rights on what is there, and on what the owner makes later. */
function grants(schema: string, owner: string, role: string, right: SchemaRight): readonly string[] {
  if (right === 'own') return [];
  const tables = { read: 'SELECT', write: 'SELECT, INSERT, UPDATE, DELETE', append: 'SELECT, INSERT' }[right];
  const sequences = right === 'read' ? 'SELECT' : 'USAGE, SELECT';
  const future = `ALTER DEFAULT PRIVILEGES FOR ROLE "${owner}" IN SCHEMA "${schema}"`;
  return [
    `GRANT USAGE ON SCHEMA "${schema}" TO "${role}";`,
    `GRANT ${tables} ON ALL TABLES IN SCHEMA "${schema}" TO "${role}";`,
    `GRANT ${sequences} ON ALL SEQUENCES IN SCHEMA "${schema}" TO "${role}";`,
    `${future} GRANT ${tables} ON TABLES TO "${role}";`,
    `${future} GRANT ${sequences} ON SEQUENCES TO "${role}";`,
  ];
}
