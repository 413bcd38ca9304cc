import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createClient } from 'redis';
import * as scripts from '../../constructs/backup-scripts.ts';
import {
  checkFiles,
  checkPostgres,
  checkRedis,
  dumpFiles,
  dumpPostgres,
  dumpRedis,
  noteFailure,
} from '../../constructs/backup-scripts.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { removeScratch, scratch, unprivileged } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const run = promisify(execFile);

describe.each(Object.entries(scripts))('%s', (_, script) => {
  it('is shell', () => {
    expect(() => execFileSync('sh', ['-n'], { input: script })).not.toThrow();
  });
});

describe('a backup and its drill', () => {
  let here = '';

  beforeAll(() => {
    here = scratch('backup');
  });
  afterAll(() => removeScratch(here));

  /** Runs a script as a container would: as a user without rights. */
  async function sh(
    script: string,
    env: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<string> {
    const PATH = `/usr/lib/postgresql/15/bin:${process.env.PATH ?? ''}`;
    const options = { cwd: here, env: { PATH, WORK: here, HOME: here, ...env }, ...unprivileged() };
    return (await run('sh', ['-c', script, 'script', ...args], options)).stdout;
  }

  /** What upload and fetch do between the two, over the network. */
  function fetched(source: string): string {
    const user = unprivileged();
    mkdirSync(join(here, 'in'), { recursive: true });
    renameSync(join(here, 'out', source), join(here, 'in', source));
    if (user) chmodSync(join(here, 'in'), 0o777);
    return join(here, 'in', source);
  }

  describe('of PostgreSQL', () => {
    let server: TestPostgres;
    const env = () => {
      const { hostname, port } = new URL(server.options.url);
      return { SOURCE: 'postgres', PGHOST: hostname, PGPORT: port, PGUSER: 'keelson' };
    };

    const login = (database: string) => ({
      host: env().PGHOST,
      port: Number(env().PGPORT),
      user: 'keelson',
      database,
    });

    beforeAll(async () => {
      server = await startPostgres();
      const client = new pg.Client(login('postgres'));
      await client.connect();
      await client.query('CREATE ROLE writer');
      await client.query('CREATE DATABASE ledger OWNER writer');
      await client.end();
      const ledger = new pg.Client(login('ledger'));
      await ledger.connect();
      await ledger.query(
        'CREATE SCHEMA production CREATE TABLE entry (id int PRIMARY KEY) CREATE TABLE other (id int)',
      );
      await ledger.query('INSERT INTO production.entry SELECT generate_series(1, 100)');
      await ledger.end();
    });
    afterAll(() => server.stop());

    it('restores what was dumped, and asks it', async () => {
      await sh(dumpPostgres, env(), 'ledger');
      fetched('postgres');
      const check = (answer: number) =>
        sh(
          checkPostgres,
          { SOURCE: 'postgres', PRELOAD: '' },
          `ledger|SELECT count(*) = ${answer} FROM production.entry`,
        );
      expect(await check(100)).toContain('ledger: 2 tables, 2 in the backup');
      execFileSync('rm', ['-rf', join(here, 'postgres-postgres')]);
      await expect(check(99)).rejects.toThrow();
    });

    it('notices a dump that was cut short', async () => {
      execFileSync('rm', ['-rf', join(here, 'postgres-postgres')]);
      const dump = join(here, 'in/postgres/ledger.dump');
      const content = readFileSync(dump);
      writeFileSync(dump, content.subarray(0, content.length - 200));
      await expect(sh(checkPostgres, { SOURCE: 'postgres', PRELOAD: '' })).rejects.toThrow();
    });
  });

  describe('of Redis', () => {
    let server: TestRedis;
    beforeAll(async () => {
      server = await startRedis();
      const client = await createClient({ url: server.url }).connect();
      for (let key = 0; key < 50; key++) await client.set(`key-${key}`, 'value');
      await client.close();
    });
    afterAll(() => server.stop());

    it('starts a server from the snapshot, and counts', async () => {
      const { hostname, port } = new URL(server.url);
      await sh(dumpRedis, { SOURCE: 'redis', SERVER_HOST: hostname, SERVER_PORT: port });
      fetched('redis');
      expect(await sh(checkRedis, { SOURCE: 'redis' })).toContain('redis: 50 keys, 50 when it was backed up');
    });

    it('notices a damaged snapshot', async () => {
      const dump = join(here, 'in/redis/dump.rdb');
      const content = readFileSync(dump);
      content[Math.floor(content.length / 2)] = (content[Math.floor(content.length / 2)] ?? 0) ^ 0xff;
      writeFileSync(dump, content);
      await expect(sh(checkRedis, { SOURCE: 'redis' })).rejects.toThrow();
    });
  });

  describe('of files', () => {
    it('compares the sum of each', async () => {
      const models = join(here, 'models');
      mkdirSync(join(models, 'minilm/1'), { recursive: true });
      writeFileSync(join(models, 'minilm/1/model.safetensors'), 'weights');
      if (unprivileged()) execFileSync('chmod', ['-R', 'a+rwX', here]);
      await sh(dumpFiles, { SOURCE: 'models', FOLDER: models });
      const folder = fetched('models');
      expect(await sh(checkFiles, { SOURCE: 'models' })).toContain('models: 1 files');
      const sums = join(folder, 'files.sha256');
      writeFileSync(
        sums,
        readFileSync(sums, 'utf8').replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      );
      await expect(sh(checkFiles, { SOURCE: 'models' })).rejects.toThrow();
    });

    it('notes what failed and goes on, so that the end of the drill can tell', async () => {
      const failing = join(here, 'failing.sh');
      writeFileSync(failing, 'exit 3\n');
      await sh(noteFailure, { SOURCE: 'models' }, failing);
      expect(readFileSync(join(here, 'failed'), 'utf8')).toBe('models cannot be restored\n');
    });
  });
});
