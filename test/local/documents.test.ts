import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findDocuments, maximumBytes, readDocument } from '../../local/documents.ts';

let parent: string;
let folder: string;
const write = (name: string, content: string | Buffer = 'text') => {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};

beforeEach(() => {
  parent = mkdtempSync(path.join(tmpdir(), 'keelson-documents-'));
  folder = path.join(parent, 'guides');
  mkdirSync(folder);
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('findDocuments', () => {
  it('finds the text files in order, with ids that do not tell where the folder lies', async () => {
    for (const name of ['b.md', 'a/z.TXT', 'image.png', '.git/x.md', 'node_modules/p/readme.md']) write(name);
    const { files, problems } = await findDocuments(folder);
    expect(files).toEqual([
      { id: 'guides/a/z.TXT', path: path.join(folder, 'a/z.TXT') },
      { id: 'guides/b.md', path: path.join(folder, 'b.md') },
    ]);
    expect(problems).toEqual([]);
  });

  it('takes a relative folder from where the person called npm', async () => {
    write('a.md');
    expect((await findDocuments('guides', { INIT_CWD: parent })).files).toHaveLength(1);
  });

  it('takes a single file', async () => {
    expect((await findDocuments(write('one.md'))).files.map(({ id }) => id)).toEqual(['one.md']);
  });

  it('says what is missing', async () => {
    await expect(findDocuments('/no/such')).rejects.toThrow(
      '/no/such: there is no such folder. Name one that holds .md or .txt files',
    );
    await expect(findDocuments(folder)).rejects.toThrow(`${folder}: no .md or .txt file below it`);
  });
});

describe('readDocument', () => {
  it('reads text', async () => {
    expect(await readDocument(write('a.md', '# Überschrift'))).toEqual({ text: '# Überschrift' });
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['binary data', Buffer.from([0, 1, 2]), /^not a text file\. /],
    ['another encoding', Buffer.from([0xff, 0xfe, 0x41]), /^not UTF-8 text\. Convert it/],
    ['nothing', ' \n', /^empty\. /],
    ['too much', 'x'.repeat(maximumBytes + 1), /^too large \(1025 KiB of at most 1024\)\. Split it$/],
  ])('reports %s', async (_name, content, problem) => {
    expect(await readDocument(write('a.md', content))).toEqual({ problem: expect.stringMatching(problem) });
  });

  it('reports a file that cannot be read', async () => {
    const file = write('a.md');
    // Root reads everything, so the file of another person is played by one that is gone.
    rmSync(file);
    expect(await readDocument(file)).toEqual({ problem: expect.stringContaining('ENOENT') });
  });
});
