import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { operatorModules, pinnedHashes } from '../../../local/toolchain/crds.ts';

const sums = readFileSync(path.resolve(import.meta.dirname, '../../../local/toolchain/crds/go.sum'), 'utf8');

describe('definitions of the operators', () => {
  it('come out of modules whose content is pinned, each once, and no others', () => {
    const pins = pinnedHashes(sums);
    const named = operatorModules.map(({ module, version }) => `${module} ${version}`);
    expect([...pins.keys()].sort()).toEqual([...named].sort());
    for (const hash of pins.values()) expect(hash).toMatch(/^h1:[A-Za-z0-9+/]{43}=$/);
  });

  it('name the files that they take', () => {
    for (const { files } of operatorModules) {
      expect(files.length).toBeGreaterThan(0);
      for (const file of files) expect(file).toMatch(/\.yaml$/);
    }
  });
});
