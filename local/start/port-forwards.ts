import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectionArgs, type Kubectl } from '../cluster/kubectl.ts';
import { identify, isRunning, type ProcessIdentity } from '../cluster/process-identity.ts';
import type { Relay } from '../cluster/relays.ts';
import { codeOf, exitCodes, Failure } from '../failure.ts';
import { type Forward, isForwarding, readForwards, runningForwards, writeForwards } from './forward-record.ts';

/** Whether anything answers through it: kubectl still listens after the pod that it led to is gone. */
function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = request({ host: '127.0.0.1', port, timeout: 3000, agent: false }, (response) => {
    response.resume();
    resolve(true);
  });
  probe.on('timeout', () => probe.destroy());
  probe.on('error', () => resolve(false));
  probe.end();
  return promise;
}

/**
 * Finds a port that another program holds, before anything is changed.
 *
 * @throws Failure with the option that chooses another port
 */
export async function checkPorts(folder: string, relays: readonly Relay[]): Promise<void> {
  const ours = new Set(runningForwards(folder).map(({ port }) => port));
  for (const { name, port } of relays.filter((relay) => !ours.has(relay.port))) {
    const server = createServer().listen({ host: '127.0.0.1', port });
    try {
      await once(server, 'listening');
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE') throw error;
      throw new Failure({
        path: `127.0.0.1:${port}`,
        value: `the port of ${name} is taken by another program`,
        cure: `Free it, or choose another: npm start -- --port ${name}=<port>`,
        exitCode: exitCodes.environment,
      });
    } finally {
      server.close();
    }
  }
}

/** Starts one and waits until it listens. */
async function startForward(at: Kubectl, folder: string, relay: Relay): Promise<ProcessIdentity> {
  const [service = '', namespace = ''] = relay.target.split('.');
  const logFile = path.join(folder, `port-forward-${relay.name}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(
    at.program,
    [
      ...connectionArgs(at),
      ...['--namespace', namespace, 'port-forward', '--address', '127.0.0.1'],
      ...[`service/${service}`, `${relay.port}:${relay.targetPort}`],
    ],
    // From the root, so that it holds no folder; absolute paths lead to everything it needs.
    { detached: true, stdio: ['ignore', log, log], cwd: '/' },
  );
  closeSync(log);
  let problem: string | undefined;
  child.on('error', (error) => {
    problem = error.message;
  });
  child.on('exit', (code, signal) => {
    problem ??= readFileSync(logFile, 'utf8').trim().split('\n').at(-1) || `it ended with ${signal ?? code}`;
  });
  for (const deadline = Date.now() + 20_000; Date.now() < deadline && problem === undefined; await delay(50)) {
    if (child.pid === undefined || !readFileSync(logFile, 'utf8').includes('Forwarding from')) continue;
    const identity = identify(child.pid);
    child.removeAllListeners();
    child.unref();
    return identity;
  }
  child.kill('SIGKILL');
  throw new Failure({
    path: `kubectl port-forward service/${relay.target}`,
    value: problem ?? `it did not listen on port ${relay.port} within 20 s`,
    cure: `Run the command again, or choose another port: npm start -- --port ${relay.name}=<port>`,
    exitCode: exitCodes.unavailable,
  });
}

function end({ process: identity }: Forward): void {
  if (identity !== undefined && isRunning(identity)) process.kill(identity.pid, 'SIGKILL');
}

/**
 * Makes exactly these ports be served, each by a `kubectl port-forward` of its own. Those that answer are kept.
 *
 * @param folder - where the record of them and their logs lie
 * @throws Failure when kubectl cannot serve one of them; the others are served then
 */
export async function startForwards(at: Kubectl, folder: string, relays: readonly Relay[]): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const connection = connectionArgs(at);
  const same = (forward: Forward, relay: Relay): boolean =>
    JSON.stringify([forward.relay, forward.connection]) === JSON.stringify([relay, connection]);
  const last = readForwards(folder);
  const kept: Forward[] = [];
  for (const forward of last) {
    const wanted = relays.some((relay) => same(forward, relay));
    if (wanted && isForwarding(forward) && (await answers(forward.relay.port))) kept.push(forward);
    else {
      end(forward);
      // Its port is free when it is gone.
      while (isForwarding(forward)) await delay(10);
    }
  }
  const forwards = relays.map((relay): Forward => kept.find((each) => same(each, relay)) ?? { relay, connection });
  // Each is recorded as soon as it runs: a stop in the middle finds all of them.
  for (const [index, forward] of forwards.entries()) {
    if (forward.process !== undefined) continue;
    writeForwards(folder, forwards);
    forwards[index] = { ...forward, process: await startForward(at, folder, forward.relay) };
  }
  writeForwards(folder, forwards);
}

/** Ends all of them; their ports are remembered for the next start. */
export function stopForwards(folder: string): void {
  for (const forward of readForwards(folder)) end(forward);
}
