import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes, Failure } from '../failure.ts';
import { type ClusterLayout, network } from './layout.ts';
import { childrenOf, identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import type { RelayTarget } from './relay.ts';

/** One port of the host's loopback that leads into the cluster. */
export interface Relay {
  /** What a person calls it, and the name of its port's option: `--port orchestrator=18000`. */
  readonly name: string;
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** An address in the node's network, or a service as `<service>.<namespace>`. */
  readonly target: string;
  readonly targetPort: number;
}

interface RelayRecord {
  /** The one that holds the ports. It is not nsenter, which starts it, waits for it, and may end before it does. */
  readonly process: ProcessIdentity;
  readonly relays: readonly Relay[];
}

function portTaken({ name, port }: Relay): Failure {
  return new Failure({
    path: `127.0.0.1:${port}`,
    value: `the port of ${name} is taken by another program`,
    cure: `Free it, or choose another: npm start -- --port ${name}=<port>`,
    exitCode: exitCodes.environment,
  });
}

const isPortTaken = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EADDRINUSE';

async function listen(relay: Relay): Promise<Server> {
  const server = createServer({ pauseOnConnect: true });
  server.listen({ host: '127.0.0.1', port: relay.port });
  try {
    await once(server, 'listening');
  } catch (error) {
    if (isPortTaken(error)) throw portTaken(relay);
    throw error;
  }
  return server;
}

function readRecord(layout: ClusterLayout): RelayRecord | undefined {
  if (!existsSync(layout.relayRecord)) return undefined;
  try {
    // Written by startRelays() alone.
    return JSON.parse(readFileSync(layout.relayRecord, 'utf8')) as RelayRecord;
  } catch {
    return undefined;
  }
}

/** The relays that run now; none when their process has ended. */
export function runningRelays(layout: ClusterLayout): readonly Relay[] {
  const record = readRecord(layout);
  return record !== undefined && isRunning(record.process) ? record.relays : [];
}

/** The ports of the last start, running or not: a start without a choice of ports keeps them. */
export function lastRelays(layout: ClusterLayout): readonly Relay[] {
  return readRecord(layout)?.relays ?? [];
}

/**
 * Makes exactly these relays run: one process in the node's network carries all of them.
 *
 * @throws Failure when another program listens on one of the ports; nothing has changed then.
 */
export async function startRelays(layout: ClusterLayout, nodePid: number, relays: readonly Relay[]): Promise<void> {
  if (JSON.stringify(runningRelays(layout)) === JSON.stringify(relays)) return;
  stopRelays(layout);
  // Its ports are free when it is gone.
  while (runningRelays(layout).length > 0) await delay(10);
  const servers: Server[] = [];
  try {
    for (const relay of relays) servers.push(await listen(relay));
    const entry = path.join(import.meta.dirname, 'relay.ts');
    const child = spawn(
      'nsenter',
      ['--target', String(nodePid), '--net', '--pid', '--', process.execPath, '--max-old-space-size=64', entry],
      { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
    );
    const ended = new AbortController();
    child.once('exit', () => ended.abort());
    const answer = async (): Promise<void> => {
      try {
        await once(child, 'message', { signal: ended.signal });
      } catch (error) {
        throw new Error('the relay process ended while it started', { cause: error });
      }
    };
    await answer();
    const [relayPid] = childrenOf(child.pid ?? 0);
    if (relayPid === undefined) throw new Error('the relay process did not start');
    for (const [index, relay] of relays.entries()) {
      const isAddress = /^[\d.]+$/.test(relay.target);
      const target: RelayTarget = {
        host: isAddress ? relay.target : `${relay.target}.svc.cluster.local`,
        port: relay.targetPort,
        dns: network.dnsAddress,
      };
      const serving = answer();
      const handedOver = new Promise<void>((resolve, reject) => {
        child.send(target, servers[index], (error) => (error ? reject(error) : resolve()));
      });
      await Promise.all([handedOver, serving]);
    }
    const record: RelayRecord = { process: identify(relayPid), relays };
    writeFileSync(layout.relayRecord, JSON.stringify(record));
    child.disconnect();
    child.unref();
  } finally {
    for (const server of servers) server.close();
  }
}

export function stopRelays(layout: ClusterLayout): void {
  const record = readRecord(layout);
  if (record !== undefined && isRunning(record.process)) process.kill(record.process.pid, 'SIGKILL');
}
