import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly url: string;
  /** Answers 200 when requests can come. */
  readonly ready: string;
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server without a port');
  return address.port;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
// Without a listener a signal ends the process at once, and the servers would go on.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

/** Seconds that a server may take: a peer imports much. */
const PATIENCE = 120;

/**
 * Starts a server and waits until it is ready.
 *
 * @throws Error with what it printed when it ends before
 */
export async function startServer({ program, args, env, cwd, url, ready }: Command): Promise<RunningServer> {
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Options for this process, such as a profile, are not meant for the server.
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  running.add(child);
  child.on('exit', () => running.delete(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output = (output + data).slice(-4000);
    });
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be started`);
  for (let left = PATIENCE * 10; !(await answers(url + ready)); left--) {
    if (child.exitCode !== null || left <= 0) {
      await stop(child);
      throw new Error(`${program} did not become ready:\n${output}`);
    }
    await delay(100);
  }
  return { url, pid, stop: () => stop(child) };
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(address)).ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}
