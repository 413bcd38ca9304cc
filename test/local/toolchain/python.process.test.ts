import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { type Paths, resolvePaths } from '../../../local/paths.ts';
import { silent } from '../../../local/progress.ts';
import { ensurePython, environmentFolder } from '../../../local/toolchain/python.ts';

describe('ensurePython', () => {
  let folder: string;
  let paths: Paths;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'keelson-python-'));
    paths = { ...resolvePaths(), cache: folder };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const requirements = (text: string): string => {
    const file = path.join(folder, 'requirements.txt');
    writeFileSync(file, text);
    return file;
  };

  it('makes an environment once, also for two that ask at the same time', async () => {
    const wanted = { name: 'small', requirements: requirements('certifi==2026.10.18\n') };
    const [first, second] = await Promise.all([
      ensurePython(wanted, { progress: silent, paths }),
      ensurePython(wanted, { progress: silent, paths }),
    ]);
    expect(second).toBe(first);
    const { stdout } = await execa(first, ['-c', 'import certifi; print(certifi.__version__)']);
    expect(stdout).toBe('2026.10.18');
    // Nothing to do: nothing is asked of the index.
    const made = await ensurePython(wanted, { progress: silent, paths });
    expect(made).toBe(first);
  });

  it('says which package cannot be had, and starts anew the next time', async () => {
    const file = requirements('certifi==1.0.0\n');
    const wanted = { name: 'none', requirements: file };
    await expect(ensurePython(wanted, { progress: silent, paths })).rejects.toThrow(/certifi==1\.0\.0/);
  });

  it('has a folder for each content and each Python', () => {
    const folders = [
      environmentFolder(paths, 'a', 'x==1', 'Python 3.11.7'),
      environmentFolder(paths, 'a', 'x==2', 'Python 3.11.7'),
      environmentFolder(paths, 'a', 'x==1', 'Python 3.13.1'),
    ];
    expect(new Set(folders).size).toBe(3);
  });
});
