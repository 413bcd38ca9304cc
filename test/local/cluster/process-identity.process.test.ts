import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { identify, isRunning, runs } from '../../../local/cluster/process-identity.ts';
import { end, eventually } from '../../support/processes.ts';

/** Listens, and ends its first thread when told to; the other one stays, as in a killed process whose threads end one by one. */
const PROGRAM = `
import ctypes, socket, sys, threading, time
server = socket.create_server(('127.0.0.1', 0))
threading.Thread(target=lambda: time.sleep(600)).start()
print(server.getsockname()[1], flush=True)
sys.stdin.readline()
ctypes.CDLL(None).pthread_exit(None)
`;

let child: ChildProcess | undefined;
afterEach(async () => {
  if (child) await end(child, 'SIGKILL');
});

describe('a process whose first thread has ended', () => {
  it('runs as long as another one does, and holds its port', async () => {
    const spawned = spawn('python3', ['-c', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    child = spawned;
    const [port] = await once(spawned.stdout, 'data');
    const pid = spawned.pid ?? 0;
    const identity = identify(pid);
    spawned.stdin.write('now\n');
    await eventually(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toMatch(/\) Z /), 10_000);
    const socket = connect(Number(port), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    expect(isRunning(identity)).toBe(true);
    expect(runs(pid)).toBe(true);
    await end(spawned, 'SIGKILL');
    expect(isRunning(identity)).toBe(false);
  });
});
