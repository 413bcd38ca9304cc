import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const root = path.resolve(import.meta.dirname, '../../..');
const parts = [
  '.github',
  'constructs',
  'docs',
  'local',
  'policies',
  'services',
  'stacks',
  'test/constructs',
  'test/docs',
  'test/policies',
  'test/stacks',
  'test/support',
  'biome.json',
  'jest.config.js',
  'package.json',
  'tsconfig.json',
];
const node = { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
let copy = '';

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'keelson-new-'));
  for (const part of parts) cpSync(path.join(root, part), path.join(copy, part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

const run = (program: string, args: readonly string[], env: Readonly<Record<string, string>> = { NODE_OPTIONS: '' }) =>
  execa(program, [...args], { cwd: copy, env, reject: false, all: true });
const tool = (name: string) => path.join(root, 'node_modules/.bin', name);

describe('npm run new', () => {
  it('makes a platform and tells what it did', async () => {
    const made = await run(process.execPath, ['local/cli.ts', 'new', 'my-shop']);
    expect(made.all).toContain('made     stacks/platforms/my-shop.ts');
    expect(made.all).toContain('Run it: npm start -- my-shop');
    expect(made.exitCode).toBe(0);
  }, 120_000);

  it('whose page has its tables', () => {
    const page = readFileSync(path.join(copy, 'docs/platforms/my-shop.md'), 'utf8');
    expect(page).toContain('| `api` | `my-shop` | Deployment |');
  });

  it('which compiles, and is written as the rest is', async () => {
    const types = await run(tool('tsc'), ['--noEmit', '--incremental', 'false', '-p', '.']);
    expect(types.all.split('\n').filter((line) => line.includes('my-shop'))).toEqual([]);
    const style = await run(tool('biome'), [
      'check',
      '--vcs-enabled=false',
      'stacks/platforms',
      'test/stacks/platforms',
    ]);
    expect(style.all).not.toMatch(/my-shop/);
  }, 240_000);

  it('which passes its own test and those of all platforms', async () => {
    // What production keeps is recorded by whoever puts it there.
    const tests = await run(
      tool('jest'),
      ['test/stacks/platforms', 'test/stacks/compose', 'test/docs', '-t', 'my-shop'],
      node,
    );
    expect(tests.all).toMatch(/Tests:.* [1-9]\d* passed/);
    expect(tests.exitCode).toBe(0);
  }, 240_000);

  it('once: a second time, the name is taken', async () => {
    const again = await run(process.execPath, ['local/cli.ts', 'new', 'my-shop']);
    expect(again.exitCode).toBe(64);
    expect(again.all).toMatch(/keelson: my-shop: there is a platform of that name/);
  });

  it('and nothing for a name that cannot be', async () => {
    expect((await run(process.execPath, ['local/cli.ts', 'new', 'My_Shop'])).exitCode).toBe(64);
    expect(existsSync(path.join(copy, 'stacks/platforms/My_Shop.ts'))).toBe(false);
  });
});
