import { describe, expect, it } from '@jest/globals';
import { cpuQuota, threadsFor } from '../../../services/inference/src/cgroup.ts';

const reader = (files: Record<string, string>) => (path: string) => files[path];

describe('cpuQuota', () => {
  it.each([
    ['version 2', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '150000 100000\n' }, 1.5],
    [
      'version 2 without a limit',
      { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': 'max 100000\n' },
      undefined,
    ],
    [
      'version 2, the parent is tighter',
      {
        '/proc/self/cgroup': '0::/pod/box\n',
        '/sys/fs/cgroup/pod/box/cpu.max': '400000 100000',
        '/sys/fs/cgroup/pod/cpu.max': '200000 100000',
      },
      2,
    ],
    [
      'version 1',
      {
        '/proc/self/cgroup': '4:memory:/x\n3:cpu,cpuacct:/pods/a\n0::/\n',
        '/sys/fs/cgroup/cpu,cpuacct/pods/a/cpu.cfs_quota_us': '50000\n',
        '/sys/fs/cgroup/cpu,cpuacct/pods/a/cpu.cfs_period_us': '100000\n',
      },
      0.5,
    ],
    [
      'version 1 in a container, whose path is the host’s',
      {
        '/proc/self/cgroup': '3:cpu:/kubepods/pod1/abc\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      3,
    ],
    [
      'version 1 without a limit',
      {
        '/proc/self/cgroup': '3:cpu:/\n',
        '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1',
        '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000',
      },
      undefined,
    ],
    ['no cgroups', {}, undefined],
  ])('%s', (_name, files, expected) => {
    expect(cpuQuota(reader(files))).toBe(expected);
  });
});

describe('threadsFor', () => {
  it.each([
    [undefined, 8, 8],
    [0.5, 8, 1],
    [1.5, 8, 2],
    [16, 8, 8],
  ])('quota %p on %p CPUs gives %p', (quota, cpus, threads) => {
    expect(threadsFor(quota, cpus)).toBe(threads);
  });
});
