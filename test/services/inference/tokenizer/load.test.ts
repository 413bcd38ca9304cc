import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { loadTokenizer, parseTokenizer } from '../../../../services/inference/src/tokenizer/load.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const json = async (name: string) => JSON.parse(await readFile(join(FIXTURES, name), 'utf8'));

describe('Tokenizer', () => {
  it.each([
    ['uncased', true],
    ['cased', false],
  ])('gives the ids of the reference implementation, %s', async (name, lowercase) => {
    const description = await json('tokenizer.json');
    description.normalizer.lowercase = lowercase;
    const tokenizer = parseTokenizer('tokenizer.json', description);
    const reference = await json('token-ids.json');
    const lines: [string, number[]][] = reference[name];
    expect(lines.length).toBeGreaterThan(400);
    for (const [text, ids] of lines) {
      expect([text, [...tokenizer.encode(text, reference.window)]]).toEqual([text, ids]);
    }
  });

  it('cuts to the window and keeps the tokens in front and behind', async () => {
    const tokenizer = await loadTokenizer(join(FIXTURES, 'tokenizer.json'));
    const whole = [...tokenizer.encode('hello world hello world', 100)];
    expect([...tokenizer.encode('hello world hello world', 4)]).toEqual([...whole.slice(0, 3), whole.at(-1)]);
    expect([...tokenizer.encode('hello', 2)]).toEqual([2, 3]);
  });

  it('takes a lone surrogate as the character that replaces it', async () => {
    const tokenizer = await loadTokenizer(join(FIXTURES, 'tokenizer.json'));
    expect(tokenizer.encode('a\ud800b', 10)).toEqual(tokenizer.encode('a\ufffdb', 10));
  });

  it('costs no more than the window on a text that is much longer', async () => {
    const tokenizer = await loadTokenizer(join(FIXTURES, 'tokenizer.json'));
    const lowered = jest.spyOn(String.prototype, 'toLowerCase');
    const pieces = (words: number): number => {
      lowered.mockClear();
      tokenizer.encode('hello world '.repeat(words), 64);
      return lowered.mock.calls.length;
    };
    try {
      const few = pieces(5_000);
      expect(few).toBeGreaterThan(0);
      expect(pieces(500_000)).toBe(few);
    } finally {
      lowered.mockRestore();
    }
  });

  it.each([
    [{ model: { type: 'BPE', vocab: {} } }, /"model.type" is "BPE"/],
    [{ normalizer: { type: 'NFC' } }, /"normalizer.type" is "NFC"/],
    [{ model: { type: 'WordPiece', vocab: {}, unk_token: '[UNK]' } }, /unknown token "\[UNK\]"/],
    [{ added_tokens: [{ id: 1, content: 'x', single_word: true }] }, /"added_tokens\[0\].single_word" is true/],
  ])('refuses what it would do differently: %j', async (change, message) => {
    const description = { ...(await json('tokenizer.json')), ...change };
    expect(() => parseTokenizer('/m/tokenizer.json', description)).toThrow(message);
  });

  it('names the file that is missing', async () => {
    await expect(loadTokenizer('/nowhere/tokenizer.json')).rejects.toThrow('/nowhere/tokenizer.json is missing');
  });
});
