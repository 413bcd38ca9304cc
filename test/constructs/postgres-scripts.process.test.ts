import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { poolConf, replicaScript, shipScript } from '../../constructs/postgres-scripts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { end, eventually, freePort, removeScratch, scratch, unprivileged } from '../support/processes.ts';

describe('a read replica', () => {
  let primary: TestPostgres;
  let here = '';
  const ask = async (port: number, sql: string) => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'keelson', database: 'postgres' });
    await client.connect();
    try {
      return (await client.query(sql)).rows as unknown[];
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    primary = await startPostgres();
    here = scratch('replica');
  });
  afterAll(async () => {
    await primary.stop();
    removeScratch(here);
  });

  it('begins with what is there, follows, and takes no writes', async () => {
    const from = Number(new URL(primary.options.url).port);
    const to = await freePort();
    await ask(from, 'CREATE ROLE replicator LOGIN REPLICATION');
    await ask(from, 'CREATE TABLE entry AS SELECT 1 AS id');
    const user = unprivileged();
    const settings = ['listen_addresses=127.0.0.1', `port=${to}`, `unix_socket_directories=${here}`, 'fsync=off'];
    const replica = spawn('sh', ['-c', replicaScript, 'replica', ...settings.flatMap((setting) => ['-c', setting])], {
      cwd: here,
      stdio: 'ignore',
      env: {
        PATH: `/usr/lib/postgresql/15/bin:${process.env.PATH ?? ''}`,
        PGDATA: join(here, 'pgdata'),
        PRIMARY: '127.0.0.1',
        PRIMARY_PORT: String(from),
        REPLICATION_PASSWORD: 'unused',
        HOSTNAME: 'replica-0',
      },
      ...user,
    });
    try {
      expect(await eventually(() => ask(to, 'SELECT id FROM entry'))).toEqual([{ id: 1 }]);
      await ask(from, 'INSERT INTO entry VALUES (2)');
      await eventually(async () => expect(await ask(to, 'SELECT id FROM entry')).toHaveLength(2));
      await expect(ask(to, 'INSERT INTO entry VALUES (3)')).rejects.toThrow(/read-only transaction/);
      expect(await ask(from, 'SELECT application_name FROM pg_stat_replication')).toEqual([
        { application_name: 'replica-0' },
      ]);
    } finally {
      await end(replica, 'SIGQUIT');
    }
  });
});

describe('scripts', () => {
  it('are shell', () => {
    for (const script of [replicaScript, shipScript('store:changes/postgres/wal')]) {
      expect(() => execFileSync('sh', ['-n'], { input: script })).not.toThrow();
    }
  });

  it('leave no user without a password', () => {
    expect(poolConf({ host: 'postgres', mode: 'session', size: 5, clients: 100 })).toContain(
      'auth_type = scram-sha-256',
    );
  });
});
