import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { moduleFolder, toolNames, toolOf } from '../../../local/toolchain/catalogue.ts';
import { buildFlags, cacheKey } from '../../../local/toolchain/key.ts';

const tool = toolOf('pulumi');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-key-'));
  cpSync(moduleFolder('pulumi'), folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('cacheKey', () => {
  const key = () => cacheKey(tool, folder, 'go1.26.8');

  it('is the same for the same inputs, wherever they lie', () => {
    expect(key()).toBe(cacheKey(tool, moduleFolder('pulumi'), 'go1.26.8'));
    expect(key()).toMatch(/^[0-9a-f]{12}$/);
  });

  it.each(['go.mod', 'go.sum', 'main.go'])('changes with %s', (file) => {
    const before = key();
    writeFileSync(path.join(folder, file), '// changed', { flag: 'a' });
    expect(key()).not.toBe(before);
  });

  it('changes with the version of Go, the flags and the package', () => {
    const keys = [
      key(),
      cacheKey(tool, folder, 'go1.26.9'),
      cacheKey({ ...tool, variables: {} }, folder, 'go1.26.8'),
      cacheKey({ ...tool, package: './other' }, folder, 'go1.26.8'),
      cacheKey({ ...tool, links: ['other'] }, folder, 'go1.26.8'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the catalogue', () => {
  it('gives the version to the linker where the program tells it', () => {
    expect(buildFlags(tool).at(-1)).toContain('-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.190.0');
  });

  it('lets the provider tell the version of the npm package', () => {
    const manifest = readFileSync(path.resolve(import.meta.dirname, '../../../package.json'), 'utf8');
    const version = JSON.parse(manifest).dependencies['@pulumi/kubernetes'];
    expect(Object.values(toolOf('pulumi-resource-kubernetes').variables ?? {})).toEqual([`v${version}`]);
  });

  it.each(toolNames)('pins %s in a module of this repository', (name) => {
    // Reads go.mod and go.sum; throws when the module is not there.
    expect(cacheKey(toolOf(name), moduleFolder(toolOf(name).module), 'go1.26.8')).toHaveLength(12);
  });
});
