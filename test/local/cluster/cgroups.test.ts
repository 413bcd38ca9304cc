import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cgroupFolders, removeCgroup } from '../../../local/cluster/cgroups.ts';
import { cgroupName, clusterLayout } from '../../../local/cluster/layout.ts';

const isRoot = process.getuid?.() === 0;

describe('cgroup of a cluster', () => {
  it('differs between state folders, so that clusters fit side by side', () => {
    expect(cgroupName(clusterLayout('/a'))).not.toBe(cgroupName(clusterLayout('/b')));
    expect(cgroupName(clusterLayout('/a'))).toBe(cgroupName(clusterLayout('/a')));
  });

  (isRoot ? it : it.skip)('is removed from every hierarchy with all below it', () => {
    const name = `keelson-test-${process.pid}`;
    const roots = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .flatMap(([, target = '', type = '']) => (/^cgroup2?$/.test(type) ? [target] : []));
    for (const root of roots) mkdirSync(path.join(root, name, 'pod', 'container'), { recursive: true });
    expect(cgroupFolders(name)).toHaveLength(roots.length);
    removeCgroup(name);
    expect(roots.filter((root) => existsSync(path.join(root, name)))).toEqual([]);
  });
});
