import { mkdirSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startServer, temporaryFolder } from './support/server.ts';

/** A folder with all-MiniLM-L6-v2 as its package has it. Without it the real weights are not tested here. */
const MINILM = process.env.KEELSON_TEST_MINILM;

interface Reference {
  readonly text: string;
  readonly ids: number[];
  readonly embedding: string;
}

(MINILM === undefined ? describe.skip : describe)('all-MiniLM-L6-v2', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    folder = await temporaryFolder();
    mkdirSync(join(folder.path, 'minilm'));
    await symlink(MINILM ?? '', join(folder.path, 'minilm/1'));
    server = await startServer({ models: folder.path });
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  it('gives the tokens and embeddings of the reference, computed in 64 bits', async () => {
    const rows: Reference[] = JSON.parse(await readFile(join(import.meta.dirname, 'fixtures/minilm.json'), 'utf8'));
    const model = server.context.registry.resolve('minilm');
    if (model.task !== 'encoder') throw new Error('no encoder');
    const { tokenizer } = model;
    const { body } = await server.post('/v1/embeddings', { model: 'minilm', input: rows.map(({ text }) => text) });
    for (const [index, { text, ids, embedding }] of rows.entries()) {
      expect([text, [...tokenizer.encode(text, 256)]]).toEqual([text, ids]);
      const bytes = Uint8Array.from(Buffer.from(embedding, 'base64'));
      const expected = new Float32Array(bytes.buffer);
      // Both have the length 1, so this is the cosine.
      const cosine = expected.reduce((sum, value, at) => sum + value * body.data[index].embedding[at], 0);
      expect(cosine).toBeGreaterThanOrEqual(0.99999);
    }
  });
});
