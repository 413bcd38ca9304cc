import { asList, asObject, type Json, readJson } from '../json.ts';
import { type AddedToken, Tokenizer } from './tokenizer.ts';
import { WordPiece } from './word-piece.ts';

/**
 * Reads a `tokenizer.json` of the BERT family (BertNormalizer, BertPreTokenizer, WordPiece).
 *
 * The file's own truncation and padding are not used: the model's window is the limit, and padding is a matter of the
 * batch.
 *
 * @throws Error with the path, the value and the cure when the file asks for something that would be done differently
 */
export async function loadTokenizer(path: string): Promise<Tokenizer> {
  const json = await readJson(path);
  if (json === undefined)
    throw new Error(`${path} is missing. A model folder needs tokenizer.json beside its weights.`);
  return parseTokenizer(path, json);
}

/** As {@link loadTokenizer}, from the parsed file; `path` is for the messages. */
export function parseTokenizer(path: string, json: unknown): Tokenizer {
  const root = asObject(json);
  const normalizer = asObject(root.normalizer);
  const model = asObject(root.model);
  expect(path, 'normalizer.type', normalizer.type, 'BertNormalizer');
  expect(path, 'normalizer.clean_text', normalizer.clean_text, true);
  expect(path, 'normalizer.handle_chinese_chars', normalizer.handle_chinese_chars, true);
  expect(path, 'pre_tokenizer.type', asObject(root.pre_tokenizer).type, 'BertPreTokenizer');
  expect(path, 'model.type', model.type ?? 'WordPiece', 'WordPiece');

  const vocabulary = new Map<string, number>();
  for (const [token, id] of Object.entries(asObject(model.vocab))) {
    if (typeof id === 'number') vocabulary.set(token, id);
  }
  const unknown = String(model.unk_token ?? '[UNK]');
  const unknownId = vocabulary.get(unknown);
  if (unknownId === undefined) throw new Error(`${path}: "model.vocab" does not have the unknown token "${unknown}".`);

  const lowercase = normalizer.lowercase === true;
  const { strip_accents: stripAccents } = normalizer;
  return new Tokenizer({
    words: { lowercase, stripAccents: typeof stripAccents === 'boolean' ? stripAccents : lowercase },
    pieces: new WordPiece({
      vocabulary,
      unknownId,
      prefix: String(model.continuing_subword_prefix ?? '##'),
      maxWordLength: typeof model.max_input_chars_per_word === 'number' ? model.max_input_chars_per_word : 100,
    }),
    added: asList(root.added_tokens).map((token, index) => parseAdded(path, index, asObject(token))),
    ...parseTemplate(path, asObject(root.post_processor)),
  });
}

function parseAdded(path: string, index: number, token: Json): AddedToken {
  const { content, id, lstrip, rstrip } = token;
  if (typeof content !== 'string' || content === '' || typeof id !== 'number') {
    throw new Error(`${path}: "added_tokens[${index}]" has no content or no id.`);
  }
  // Both change where a token is found; no published BERT encoder uses them.
  expect(path, `added_tokens[${index}].single_word`, token.single_word ?? false, false);
  expect(path, `added_tokens[${index}].normalized`, token.normalized ?? false, false);
  return { content, id, lstrip: lstrip === true, rstrip: rstrip === true };
}

function parseTemplate(path: string, processor: Json): { before: number[]; after: number[] } {
  if (processor.type === 'BertProcessing') {
    return { before: [pairId(path, 'cls', processor.cls)], after: [pairId(path, 'sep', processor.sep)] };
  }
  expect(path, 'post_processor.type', processor.type, 'TemplateProcessing');
  const specials = asObject(processor.special_tokens);
  const before: number[] = [];
  const after: number[] = [];
  let target = before;
  for (const step of asList(processor.single)) {
    const { SpecialToken: special } = asObject(step);
    if (special === undefined) {
      target = after;
      continue;
    }
    const name = String(asObject(special).id);
    const ids = asList(asObject(specials[name]).ids).filter((id) => typeof id === 'number');
    if (ids.length === 0) throw new Error(`${path}: "post_processor.special_tokens" has no ids for "${name}".`);
    target.push(...ids);
  }
  return { before, after };
}

function pairId(path: string, key: string, pair: unknown): number {
  const id = asList(pair)[1];
  if (typeof id === 'number') return id;
  throw new Error(`${path}: "post_processor.${key}" is not a pair of token and id.`);
}

function expect(path: string, key: string, actual: unknown, expected: unknown): void {
  if (actual === expected) return;
  throw new Error(
    `${path}: "${key}" is ${JSON.stringify(actual)}; this server tokenises with ${JSON.stringify(expected)} only. Use a WordPiece encoder of the BERT family.`,
  );
}
