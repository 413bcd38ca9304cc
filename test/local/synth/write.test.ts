import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { listName, writeFolder } from '../../../local/synth/write.ts';

let root = '';
let folder = '';

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'keelson-write-'));
  folder = path.join(root, 'out', 'qratum.prod');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (name: string) => readFileSync(path.join(folder, name), 'utf8');

describe('writeFolder', () => {
  it('makes the folder, and leaves nothing else beside it', () => {
    expect(writeFolder(folder, [{ name: 'a.yaml', text: 'a' }])).toEqual({
      added: 1,
      changed: 0,
      removed: 0,
      unchanged: 0,
    });
    expect(readdirSync(folder).sort()).toEqual([listName, 'a.yaml']);
    expect(readdirSync(path.dirname(folder))).toEqual(['qratum.prod']);
  });

  it('removes its own files of objects that are gone, and keeps what others put there', () => {
    writeFolder(folder, [
      { name: 'a.yaml', text: 'a' },
      { name: 'b.yaml', text: 'b' },
      { name: 'c.yaml', text: 'c' },
    ]);
    writeFileSync(path.join(folder, 'kustomization.yaml'), 'mine');
    mkdirSync(path.join(folder, 'patches'));
    writeFileSync(path.join(folder, 'patches', 'p.yaml'), 'mine too');
    const second = writeFolder(folder, [
      { name: 'a.yaml', text: 'a' },
      { name: 'b.yaml', text: 'new' },
      { name: 'd.yaml', text: 'd' },
    ]);
    expect(second).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 1 });
    expect(readdirSync(folder).sort()).toEqual([
      listName,
      'a.yaml',
      'b.yaml',
      'd.yaml',
      'kustomization.yaml',
      'patches',
    ]);
    expect([read('b.yaml'), read('kustomization.yaml'), read('patches/p.yaml')]).toEqual(['new', 'mine', 'mine too']);
    expect(readdirSync(path.dirname(folder))).toEqual(['qratum.prod']);
  });

  it('refuses a folder whose content is not its own, and touches nothing in it', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'work.txt'), 'precious');
    expect(() => writeFolder(folder, [{ name: 'a.yaml', text: 'a' }])).toThrow(
      /work\.txt\. Name another folder with --out/,
    );
    expect(readdirSync(folder)).toEqual(['work.txt']);
  });

  it('leaves the old content whole when the new one cannot be written', () => {
    writeFolder(folder, [{ name: 'a.yaml', text: 'a' }]);
    expect(() =>
      writeFolder(folder, [
        { name: 'a.yaml', text: 'half' },
        { name: 'no/such/folder.yaml', text: '' },
      ]),
    ).toThrow();
    expect(read('a.yaml')).toBe('a');
    expect(existsSync(path.join(folder, listName))).toBe(true);
    expect(readdirSync(path.dirname(folder))).toEqual(['qratum.prod']);
  });
});
