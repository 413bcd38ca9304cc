import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { loadTokenizer, parseTokenizer } from '../../../../services/inference/src/tokenizer/load.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');

interface Pairs {
  readonly window: number;
  readonly rows: { readonly pair: [string, string]; readonly ids: number[]; readonly types: number[] }[];
}

describe('Tokenizer.encodePair', () => {
  it('gives the ids and types of the reference, the longer text cut first', async () => {
    const tokenizer = await loadTokenizer(join(FIXTURES, 'tokenizer.json'));
    const { window, rows }: Pairs = JSON.parse(await readFile(join(FIXTURES, 'pair-ids.json'), 'utf8'));
    expect(rows.length).toBeGreaterThan(100);
    for (const { pair, ids, types } of rows) {
      const actual = tokenizer.encodePair(...pair, window);
      expect([pair, [...actual.ids], [...actual.types]]).toEqual([pair, ids, types]);
    }
  });

  it('refuses pairs where the tokenizer has no template for them', async () => {
    const json = JSON.parse(await readFile(join(FIXTURES, 'tokenizer.json'), 'utf8'));
    delete json.post_processor.pair;
    expect(() => parseTokenizer('t.json', json).encodePair('a', 'b', 24)).toThrow('no template for pairs');
  });
});
