import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';

const repository = path.resolve(import.meta.dirname, '../../..');
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'keelson-synth-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const synth = (...args: readonly string[]) =>
  execa(process.execPath, [path.join(repository, 'local/bootstrap.mjs'), 'synth', ...args], {
    cwd: folder,
    env: { NODE_OPTIONS: '' },
    reject: false,
  });

describe('npm run synth', () => {
  it('writes one stack, and tells how many objects it has', async () => {
    const { exitCode, stdout } = await synth('qratum.prod', '--out', 'deploy');
    expect(exitCode).toBe(0);
    const files = readdirSync(path.join(folder, 'deploy/qratum.prod')).filter((name) => name.endsWith('.yaml'));
    expect(stdout).toContain(`deploy/qratum.prod: ${files.length} objects (${files.length} new`);
    expect(files).toContain('namespace-qratum-ml.yaml');
  });

  it('changes nothing the second time', async () => {
    expect((await synth('qratum.prod', '--out', 'deploy')).stdout).toMatch(
      /\(0 new, 0 changed, 0 removed, \d+ as before\)/,
    );
  });

  it('writes all stacks without a name', async () => {
    const { exitCode } = await synth('--out', 'all');
    expect(exitCode).toBe(0);
    expect(readdirSync(path.join(folder, 'all'))).toEqual(
      expect.arrayContaining(['qratum.local', 'three-version.prod']),
    );
    expect(readdirSync(path.join(folder, 'all')).length % 4).toBe(0);
  });

  it('says which stacks there are when it is asked for another one', async () => {
    const { exitCode, stderr } = await synth('qratum.production', '--out', 'deploy');
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/^keelson: qratum\.production: there is no such stack\. Use one of .*qratum\.prod,/m);
    expect(readdirSync(path.join(folder, 'deploy'))).toEqual(['qratum.prod']);
  });

  it('shows an example with --help', async () => {
    expect((await synth('--help')).stdout).toContain('npm run synth -- qratum.prod --out deploy');
  });
});
