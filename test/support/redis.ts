import { connect } from 'node:net';
import { end, eventually, freePort, program, removeScratch, scratch, start } from './processes.ts';

/** A Redis of its own in a temporary folder. */
export interface TestRedis {
  readonly url: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRedis(): Promise<TestRedis> {
  const server = program('redis-server', ['/usr/bin'], 'redis-server');
  const dir = scratch('redis');
  const port = await freePort();
  const run = async () => {
    const child = start(
      server,
      ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir, '--save', '', '--appendonly', 'no'],
      dir,
    );
    await eventually(
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, '127.0.0.1', () => {
            socket.destroy();
            resolve();
          });
          socket.once('error', reject);
        }),
    );
    return child;
  };
  let child = await run();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill: () => end(child, 'SIGKILL'),
    restart: async () => {
      child = await run();
    },
    stop: async () => {
      await end(child, 'SIGKILL');
      removeScratch(dir);
    },
  };
}
