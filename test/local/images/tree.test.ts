import { access, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tagVersion } from '../../../local/images/builder.ts';
import { copy, link, prune, put } from '../../../local/images/tree.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'keelson-tree-'));
});
afterEach(() => rm(root, { recursive: true }));

describe('prune', () => {
  it('removes by name and by pattern, within one folder alone', async () => {
    for (const path of ['lib/libarrow.so.1', 'lib/libarrow_flight.so.1', 'lib/sub/libarrow_flight.so.1', 'lib/tests/a'])
      await put(root, path, '');
    await prune(root, ['lib/libarrow_flight*', 'lib/tests', 'none/*']);
    await access(join(root, 'lib/libarrow.so.1'));
    await access(join(root, 'lib/sub/libarrow_flight.so.1'));
    await expect(access(join(root, 'lib/libarrow_flight.so.1'))).rejects.toThrow('ENOENT');
    await expect(access(join(root, 'lib/tests'))).rejects.toThrow('ENOENT');
  });
});

describe('copy and link', () => {
  it('set the mode, and replace a link', async () => {
    await put(root, 'from', '#!/bin/sh');
    await copy(join(root, 'from'), root, 'usr/local/bin/program', 0o755);
    expect((await stat(join(root, 'usr/local/bin/program'))).mode & 0o777).toBe(0o755);
    await link(root, { 'usr/bin/p': 'nowhere' });
    await link(root, { 'usr/bin/p': '../local/bin/program' });
    expect(await readFile(join(root, 'usr/bin/p'), 'utf8')).toBe('#!/bin/sh');
  });
});

describe('tagVersion', () => {
  const recipe = { name: 'redis', version: { debian: 'redis-server' } } as const;

  it("is the software's version, without what a tag cannot hold", () => {
    expect(tagVersion(recipe, [{ name: 'redis-server', version: '5:7.0.15-1~deb12u10' }])).toBe('7.0.15');
    expect(tagVersion(recipe, [{ name: 'redis-server', version: '2.42.0+ds-5' }])).toBe('2.42.0');
  });

  it('fails for a package that the image does not have', () => {
    expect(() => tagVersion(recipe, [])).toThrow(
      'local/images/recipes/redis.ts: version: the package "redis-server" is not in the image',
    );
  });
});
