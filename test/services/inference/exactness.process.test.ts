import { constants, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadTokenizer, parseTokenizer } from '../../../services/inference/src/tokenizer/load.ts';
import type { Tokenizer } from '../../../services/inference/src/tokenizer/tokenizer.ts';
import {
  cosine,
  fromBase64,
  miniLm,
  type ReferenceAnswer,
  reference,
  referencePython,
} from './support/reference-python.ts';
import { temporaryFolder } from './support/server.ts';
import { type RunningServer, startProcess } from './support/server-process.ts';
import { variedTexts } from './support/varied-texts.ts';

const WINDOW = 256;
/** The first use fetches packages and weights. */
const PATIENCE = 5 * 60_000;
const json = async (path: string): Promise<unknown> => JSON.parse(await readFile(path, 'utf8'));

describe('against the reference implementations', () => {
  let python: string;
  let weights: string;
  beforeAll(async () => {
    [python, weights] = await Promise.all([referencePython(), miniLm()]);
  }, PATIENCE);

  describe('the tokenizer', () => {
    const lines = variedTexts(3000, 7);

    /** Lines that are tokenised otherwise than by the reference, with both results. */
    const different = (tokenizer: Tokenizer, window: number, ids: ReferenceAnswer['ids']) =>
      lines.flatMap((line, index) => {
        const [ours, theirs] = [tokenizer.encode(line, window).join(), (ids[index] ?? []).join()];
        return ours === theirs ? [] : [{ line, ours, theirs }];
      });

    it('has lines that differ', () => expect(new Set(lines).size).toBeGreaterThan(2500));

    it('gives the same ids with the vocabulary of all-MiniLM-L6-v2', async () => {
      const path = join(weights, 'tokenizer.json');
      const { ids } = await reference(python, { tokenizer: await json(path), window: WINDOW, texts: lines });
      const tokenizer = await loadTokenizer(path);
      expect(ids).toHaveLength(lines.length);
      expect(different(tokenizer, WINDOW, ids)).toEqual([]);
    });

    it.each([
      ['without case', { lowercase: true, strip_accents: null }],
      ['with case', { lowercase: false, strip_accents: null }],
      ['without case and with accents', { lowercase: true, strip_accents: false }],
      ['with case and without accents', { lowercase: false, strip_accents: true }],
    ])('gives the same ids with a small vocabulary, %s', async (_name, normalizer) => {
      const description = (await json(join(import.meta.dirname, 'fixtures/tokenizer.json'))) as { normalizer: object };
      const changed = { ...description, normalizer: { ...description.normalizer, ...normalizer } };
      const { ids } = await reference(python, { tokenizer: changed, window: 64, texts: lines });
      const tokenizer = parseTokenizer('tokenizer.json', changed);
      expect(different(tokenizer, 64, ids)).toEqual([]);
    });
  });

  describe('embeddings of all-MiniLM-L6-v2', () => {
    const texts = variedTexts(200, 3);
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let server: RunningServer;
    let expected: ReferenceAnswer;
    beforeAll(async () => {
      folder = await temporaryFolder();
      for (const [name, quantization] of [
        ['fp32', 'none'],
        ['int8', 'int8'],
      ] as const) {
        const target = join(folder.path, name, '1');
        await cp(weights, target, { recursive: true, mode: constants.COPYFILE_FICLONE });
        await writeFile(join(target, 'serving.json'), JSON.stringify({ quantization }));
      }
      server = await startProcess({ MODEL_DIR: folder.path });
      const tokenizer = await json(join(weights, 'tokenizer.json'));
      expected = await reference(python, { tokenizer, window: WINDOW, texts, model: weights });
    }, PATIENCE);
    afterAll(async () => {
      await server?.stop();
      await folder?.remove();
    });

    const embed = async (model: string, input: readonly string[]): Promise<Float32Array[]> => {
      const { data } = await server.post<{ data: { embedding: string }[] }>('/v1/embeddings', {
        model,
        input,
        encoding_format: 'base64',
      });
      return data.map(({ embedding }) => fromBase64(embedding));
    };

    it('knows what a difference is: other texts are far away', () => {
      const [first = new Float32Array(), second = new Float32Array()] = expected.embeddings.slice(9);
      expect(cosine(first, second)).toBeLessThan(0.9);
    });

    it.each([
      ['fp32', 0.9999],
      ['int8', 0.99],
    ])('are those of the formulas in 64 bits, %s: cosine at least %d', async (model, least) => {
      const actual = await embed(model, texts);
      const cosines = actual.map((vector, index) => cosine(vector, expected.embeddings[index] ?? []));
      const worst = Math.min(...cosines);
      expect({ text: texts[cosines.indexOf(worst)], enough: worst >= least, worst }).toMatchObject({ enough: true });
    });

    it('are the same number for number in JSON and in base64', async () => {
      const input = texts.slice(0, 20);
      const { data } = await server.post<{ data: { embedding: number[] }[] }>('/v1/embeddings', {
        model: 'fp32',
        input,
      });
      const binary = await embed('fp32', input);
      const inJson = data.map(({ embedding }) => Float32Array.from(embedding));
      for (const [index, vector] of binary.entries())
        expect(cosine(vector, inJson[index] ?? [])).toBeGreaterThan(0.9999999);
    });
  });
});
