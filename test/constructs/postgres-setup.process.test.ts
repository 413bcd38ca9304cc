import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { checkSetup, type PostgresSetup, passwordVariable, setupSql } from '../../constructs/postgres-setup.ts';
import { problem } from '../../constructs/problem.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';

const setup: PostgresSetup = {
  databases: ['production'],
  roles: [
    { name: 'platform_user', password: 'Geheim1', searchPath: ['live', 'public'], connectionLimit: 20 },
    { name: 'auditor', password: 'Geheim2' },
  ],
  schemas: [
    { name: 'live', roles: { platform: 'own', platform_user: 'write' } },
    { name: 'audit', roles: { platform: 'own', platform_user: 'append', auditor: 'read' } },
    { name: 'reports', database: 'production', roles: { auditor: 'own' } },
  ],
  extensions: ['pg_stat_statements'],
};

describe('the setup of a server', () => {
  let server: TestPostgres;
  const login = (user: string, database: string) => {
    const { hostname, port } = new URL(server.options.url);
    return { host: hostname, port: Number(port), user, database };
  };

  async function ask(user: string, database: string, sql: string): Promise<unknown[]> {
    const client = new pg.Client(login(user, database));
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function apply(what: PostgresSetup): Promise<void> {
    const { host, port } = login('keelson', 'platform');
    const passwords = Object.fromEntries(
      (what.roles ?? []).map((role, index) => [passwordVariable(index), role.password]),
    );
    const env = {
      PATH: process.env.PATH ?? '',
      PGHOST: host,
      PGPORT: String(port),
      PGUSER: 'keelson',
      PGDATABASE: 'platform',
      ...passwords,
    };
    const running = promisify(execFile)('psql', ['--no-psqlrc', '--quiet', '--file=-'], { env });
    running.child.stdin?.end(setupSql(what, 'platform'));
    await running;
  }

  beforeAll(async () => {
    server = await startPostgres();
    await ask('keelson', 'postgres', 'CREATE ROLE platform LOGIN');
    await ask('keelson', 'postgres', 'CREATE DATABASE platform OWNER platform');
    // The extension's functions are there without the library; its view is not asked.
    await apply(setup);
    await ask('platform', 'platform', 'CREATE TABLE live.item (id int)');
    await ask('platform', 'platform', 'CREATE TABLE audit.event_log (id serial, what text)');
  });
  afterAll(() => server.stop());

  it('can be applied again, and changes what changed', async () => {
    await apply(setup);
    const [role] = (await ask(
      'keelson',
      'platform',
      "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'platform_user'",
    )) as [{ rolconnlimit: number }];
    expect(role.rolconnlimit).toBe(20);
    await apply({
      ...setup,
      roles: [{ name: 'platform_user', password: 'Geheim3', connectionLimit: 5 }, ...(setup.roles ?? []).slice(1)],
    });
    expect(
      await ask('keelson', 'platform', "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'platform_user'"),
    ).toEqual([{ rolconnlimit: 5 }]);
  });

  it('lets a writer change tables, also those that came after', async () => {
    await ask('platform_user', 'platform', 'INSERT INTO item VALUES (1)');
    await ask('platform_user', 'platform', 'UPDATE live.item SET id = 2');
    await expect(ask('platform_user', 'platform', 'DROP TABLE live.item')).rejects.toThrow(/must be owner/);
  });

  it('lets nobody change a log, and others read it', async () => {
    await ask('platform_user', 'platform', "INSERT INTO audit.event_log (what) VALUES ('login')");
    await expect(ask('platform_user', 'platform', "UPDATE audit.event_log SET what = ''")).rejects.toThrow(
      /permission denied/,
    );
    await expect(ask('platform_user', 'platform', 'DELETE FROM audit.event_log')).rejects.toThrow(/permission denied/);
    expect(await ask('auditor', 'platform', 'SELECT what FROM audit.event_log')).toEqual([{ what: 'login' }]);
    await expect(ask('auditor', 'platform', 'SELECT * FROM live.item')).rejects.toThrow(
      /permission denied for schema live/,
    );
  });

  it('makes schemas in other databases, and keeps strangers out', async () => {
    await ask('auditor', 'production', 'CREATE TABLE reports.monthly (id int)');
    await expect(ask('platform_user', 'production', 'SELECT 1')).rejects.toThrow(/permission denied for database/);
  });

  it('holds no password itself', () => {
    expect(setupSql(setup, 'platform')).not.toMatch(/Geheim/);
  });
});

describe('checkSetup', () => {
  it.each<[PostgresSetup, RegExp]>([
    [{ roles: [{ name: 'A"b', password: 'x' }] }, /setup\.roles is "A\\?"b": use at most 31/],
    [{ roles: [{ name: 'app', password: 'x' }] }, /setup\.roles is "app": it is the application’s own role/],
    [
      { schemas: [{ name: 'a', roles: { app: 'write' } }] },
      /setup\.schemas\.a\.roles is \[\]: let exactly one role own it/,
    ],
    [
      { schemas: [{ name: 'a', roles: { app: 'own', nobody: 'read' } }] },
      /setup\.schemas\.a\.roles is "nobody": use one of app/,
    ],
    [
      { schemas: [{ name: 'a', database: 'b', roles: { app: 'own' } }] },
      /setup\.schemas\.a\.database is "b": use one of app/,
    ],
  ])('refuses %j', (wrong, message) => {
    expect(checkSetup(wrong, 'app').map(problem).join('\n')).toMatch(message);
  });

  it('takes what is right', () => {
    expect(checkSetup(setup, 'platform')).toEqual([]);
  });
});
