import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { identify, isRunning } from '../../../local/cluster/process-identity.ts';

describe('process identity', () => {
  it('knows a running process, and that it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid ?? 0);
    expect(isRunning(identity)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
  });

  it('does not take a later process with the same id for it', () => {
    const identity = identify(process.pid);
    expect(isRunning({ ...identity, startTime: `${Number(identity.startTime) - 1}` })).toBe(false);
  });

  it('does not take a process of an earlier boot for it', () => {
    expect(isRunning({ ...identify(process.pid), bootId: 'an earlier boot' })).toBe(false);
  });

  it('names a process that does not run', () => {
    expect(() => identify(2 ** 22 + 1)).toThrow('process 4194305 does not run');
  });
});
