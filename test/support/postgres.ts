import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { end, eventually, freePort, program, removeScratch, scratch, start, unprivileged } from './processes.ts';

/** A PostgreSQL of its own in a temporary folder. */
export interface TestPostgres {
  readonly options: { readonly url: string; readonly user: string; readonly password: string };
  /** Ends it without any warning, as a killed pod. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export async function startPostgres(): Promise<TestPostgres> {
  const folders = ['/usr/lib/postgresql/15/bin'];
  const server = program('postgres', folders, 'postgresql-15');
  const dir = scratch('postgres');
  const data = join(dir, 'data');
  execFileSync(
    program('initdb', folders, 'postgresql-15'),
    ['-D', data, '-U', 'keelson', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--no-instructions'],
    { stdio: 'ignore', cwd: dir, ...unprivileged() },
  );
  const port = await freePort();
  const options = { url: `postgresql://127.0.0.1:${port}/postgres`, user: 'keelson', password: 'unused' };
  const run = async () => {
    // Nothing here outlives the test, so nothing needs to reach the disk.
    const settings = [
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      `unix_socket_directories=${dir}`,
      'fsync=off',
      'shared_buffers=16MB',
    ];
    const child = start(server, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], dir);
    await eventually(async () => {
      const client = new pg.Client({ host: '127.0.0.1', port, user: 'keelson', database: 'postgres' });
      await client.connect();
      await client.end();
    });
    return child;
  };
  let child = await run();
  return {
    options,
    kill: () => end(child, 'SIGQUIT'),
    restart: async () => {
      child = await run();
    },
    stop: async () => {
      await end(child, 'SIGQUIT');
      removeScratch(dir);
    },
  };
}
