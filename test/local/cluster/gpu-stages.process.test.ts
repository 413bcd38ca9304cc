import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { stages } from '../../../local/cluster/gpu-nodes.ts';
import { sourceOf } from '../../../local/toolchain/build.ts';

describe('the behaviour of simulated nodes', () => {
  let cache: string;
  const before = process.env.GOMODCACHE;
  beforeAll(() => {
    cache = mkdtempSync(path.join(tmpdir(), 'keelson-go-'));
    process.env.GOMODCACHE = cache;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.GOMODCACHE;
    else process.env.GOMODCACHE = before;
    rmSync(cache, { recursive: true, force: true });
  });

  it('is fetched where nothing was built on this machine before', async () => {
    const folder = await sourceOf('kwok', 'sigs.k8s.io/kwok');
    expect(folder.startsWith(cache)).toBe(true);
    const kinds = parseAllDocuments(stages(folder)).map((document) => document.get('kind'));
    expect(kinds.length).toBeGreaterThan(2);
    expect(new Set(kinds)).toEqual(new Set(['Stage']));
  }, 60_000);
});
