import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const MAIN = join(import.meta.dirname, '../../../../services/inference/src/main.ts');

/** A server that listens on ports of its own. */
export interface RunningServer {
  readonly process: ChildProcess;
  readonly url: string;
  /** Address of the gRPC service, without a scheme. */
  readonly grpc: string;
  /** All that it has printed. */
  readonly output: () => string;
  /** The answer to a request, which has to be 200. */
  post<Answer>(path: string, body: object): Promise<Answer>;
  stop(): Promise<number | null>;
}

/** Two ports that nobody listens on. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      return address === null || typeof address === 'string' ? 0 : address.port;
    }),
  );
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports as [number, number]; // two servers have two ports
}

/**
 * Starts the server as a process of its own and waits until it is ready.
 *
 * @throws Error with what it printed when it ends instead
 */
export async function startProcess(env: Readonly<Record<string, string>>): Promise<RunningServer> {
  const [port, grpcPort] = await freePorts();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [MAIN], {
    env: { HOST: '127.0.0.1', PORT: String(port), GRPC_PORT: String(grpcPort), ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  const ended = once(child, 'exit');
  const stop = async (): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    child.kill('SIGTERM');
    await ended;
    return child.exitCode;
  };
  while (!(await isReady(url))) {
    if (child.exitCode !== null || output.includes('"not ready"')) {
      child.kill('SIGKILL');
      throw new Error(`the server did not become ready:\n${output}`);
    }
    await delay(50);
  }
  const post = async <Answer>(path: string, body: object): Promise<Answer> => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    // The test knows what it asked for.
    return (await answer.json()) as Answer;
  };
  return { process: child, url, grpc: `127.0.0.1:${grpcPort}`, output: () => output, post, stop };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`)).ok;
  } catch {
    return false;
  }
}
