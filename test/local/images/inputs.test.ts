import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Fingerprints } from '../../../local/images/inputs.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keelson-inputs-'));
  await mkdir(join(folder, 'dist/nested'), { recursive: true });
  await writeFile(join(folder, 'dist/main.js'), 'one');
  await writeFile(join(folder, 'dist/nested/worker.js'), 'two');
});
afterEach(() => rm(folder, { recursive: true }));

const fresh = async (): Promise<string> =>
  (await Fingerprints.load(join(folder, 'memory.json'))).of([join(folder, 'dist')]);

describe('Fingerprints', () => {
  it('changes with content, name and mode, and with nothing else', async () => {
    const before = await fresh();
    expect(await fresh()).toBe(before);
    await writeFile(join(folder, 'dist/main.js'), 'one');
    expect(await fresh()).toBe(before);
    await chmod(join(folder, 'dist/main.js'), 0o755);
    const executable = await fresh();
    expect(executable).not.toBe(before);
    await writeFile(join(folder, 'dist/nested/worker.js'), 'owt');
    const changed = await fresh();
    expect(changed).not.toBe(executable);
    await rm(join(folder, 'dist/nested/worker.js'));
    expect(await fresh()).not.toBe(changed);
  });

  it('sees a change in spite of its memory, and survives a broken memory', async () => {
    const memory = join(folder, 'memory.json');
    const first = await Fingerprints.load(memory);
    const before = await first.of([join(folder, 'dist')]);
    await first.save();
    const second = await Fingerprints.load(memory);
    expect(await second.of([join(folder, 'dist')])).toBe(before);
    await writeFile(join(folder, 'dist/main.js'), 'new');
    expect(await second.of([join(folder, 'dist')])).not.toBe(before);
    await writeFile(memory, '{"half');
    expect(await (await Fingerprints.load(memory)).of([join(folder, 'dist/nested')])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says what is missing and what helps', async () => {
    await expect((await Fingerprints.load('')).of([join(folder, 'gone')])).rejects.toThrow(
      `${join(folder, 'gone')}: the file or folder that an image is made from is missing. Build it first`,
    );
  });
});
