import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import { cgroupFolders } from '../../local/cluster/cgroups.ts';
import { cgroupName, clusterLayout } from '../../local/cluster/layout.ts';
import { keelson, start, state } from './support/platform.ts';

const mounts = (): readonly string[] => readFileSync('/proc/self/mounts', 'utf8').trim().split('\n').sort();

/** Processes that have something of the suite's state open, mapped or on their command line. */
function processesWith(text: string): readonly string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .filter((pid) => {
      try {
        const facts = [
          readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
          readlinkSync(`/proc/${pid}/cwd`),
          readFileSync(`/proc/${pid}/mountinfo`, 'utf8'),
        ];
        return facts.some((fact) => fact.includes(text));
      } catch {
        return false;
      }
    });
}

describe('npm stop', () => {
  it('leaves no process, mount, device or cgroup, and keeps the data', async () => {
    const layout = clusterLayout(state());
    expect(processesWith(layout.folder).length).toBeGreaterThan(5);
    expect(cgroupFolders(cgroupName(layout)).length).toBeGreaterThan(0);
    const devices = Object.keys(networkInterfaces());

    expect((await keelson('stop')).exitCode).toBe(0);
    expect(processesWith(layout.folder)).toEqual([]);
    expect(mounts().filter((line) => line.includes(state()))).toEqual([]);
    expect(cgroupFolders(cgroupName(layout))).toEqual([]);
    // None was ever made on the host, so none had to go.
    expect(Object.keys(networkInterfaces())).toEqual(devices);
    expect(devices.filter((name) => /^(node0|pods0|veth)/.test(name))).toEqual([]);

    const ask = await keelson('ask', 'How many turns of the windlass open the sluice?');
    expect(ask.exitCode).toBe(69);
    expect(ask.all).toContain('npm start');

    expect((await start()).all).toMatch(/\d+ pods ready, 0 to change/);
    const answer = await keelson('ask', 'How many turns of the windlass open the sluice?');
    expect(answer.stdout).toContain('windlass --turns 11');
  });

  it('twice is as good as once', async () => {
    expect((await keelson('stop')).exitCode).toBe(0);
    expect((await keelson('stop')).exitCode).toBe(0);
    expect((await start()).exitCode).toBe(0);
  });
});
