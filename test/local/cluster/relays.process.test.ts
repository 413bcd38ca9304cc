import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clusterLayout } from '../../../local/cluster/layout.ts';
import { childrenOf, commandOf } from '../../../local/cluster/process-identity.ts';
import { type Relay, runningRelays, startRelays, stopRelays } from '../../../local/cluster/relays.ts';
import { end, eventually, freePort } from '../../support/processes.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const layout = clusterLayout(temporaryFolder('relays'));
mkdirSync(layout.folder, { recursive: true });

let namespaces: ChildProcess;
let node: number;
beforeEach(async () => {
  namespaces = spawn('unshare', ['--pid', '--net', '--fork', '--kill-child', 'sleep', '600'], { stdio: 'ignore' });
  node = await eventually(() => {
    const [child] = childrenOf(namespaces.pid ?? 0);
    if (child === undefined) throw new Error('the namespaces are not there yet');
    return child;
  });
});
afterEach(async () => {
  stopRelays(layout);
  await end(namespaces, 'SIGKILL');
  // Those of one test are not taken for those of the next.
  await eventually(() => expect(nsenter()).toBeUndefined());
});

const relay = (name: string, port: number): Relay => ({ name, port, target: '10.0.0.1', targetPort: 80 });
const nsenter = (): number | undefined => childrenOf(process.pid).find((pid) => commandOf(pid) === 'nsenter');
const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

describe('relays', () => {
  it('run as long as their ports are held, even when what started them has ended', async () => {
    const port = await freePort();
    await startRelays(layout, node, [relay('first', port)]);
    const launcher = nsenter();
    if (launcher === undefined) throw new Error('no nsenter');
    process.kill(launcher, 'SIGKILL');
    await eventually(() => expect(nsenter()).toBeUndefined());
    expect(await accepts(port)).toBe(true);
    expect(runningRelays(layout)).toEqual([relay('first', port)]);
  });

  it('give their ports to those that replace them', async () => {
    const port = await freePort();
    await startRelays(layout, node, [relay('first', port)]);
    await eventually(async () => expect(await accepts(port)).toBe(true));
    const launcher = nsenter();
    if (launcher === undefined) throw new Error('no nsenter');
    process.kill(launcher, 'SIGKILL');
    await startRelays(layout, node, [relay('second', port)]);
    expect(runningRelays(layout)).toEqual([relay('second', port)]);
    expect(await accepts(port)).toBe(true);
  });

  it('say so when they cannot start, and keep no port and no record', async () => {
    const port = await freePort();
    const layoutOfNone = clusterLayout(temporaryFolder('relays-of-none'));
    mkdirSync(layoutOfNone.folder, { recursive: true });
    // Above the highest number that a process has.
    const started = startRelays(layoutOfNone, 4_194_305, [relay('first', port)]);
    await expect(started).rejects.toThrow('the relay process ended while it started');
    expect(await accepts(port)).toBe(false);
    expect(existsSync(layoutOfNone.relayRecord)).toBe(false);
  });

  it('end, and free their ports, when they are stopped', async () => {
    const port = await freePort();
    await startRelays(layout, node, [relay('first', port)]);
    stopRelays(layout);
    await eventually(async () => expect(await accepts(port)).toBe(false));
    expect(runningRelays(layout)).toEqual([]);
  });
});
