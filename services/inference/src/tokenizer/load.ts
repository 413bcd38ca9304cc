import { asList, asObject, type Json, readJson } from '../json.ts';
import { type AddedToken, type PairStep, Tokenizer } from './tokenizer.ts';
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

interface Template {
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly pair?: readonly PairStep[];
}

function parseTemplate(path: string, processor: Json): Template {
  if (processor.type === 'BertProcessing') {
    const [cls, sep] = [[pairId(path, 'cls', processor.cls)], [pairId(path, 'sep', processor.sep)]];
    const pair: PairStep[] = [
      { ids: cls, type: 0 },
      { text: 'first', type: 0 },
      { ids: sep, type: 0 },
      { text: 'second', type: 1 },
      { ids: sep, type: 1 },
    ];
    return { before: cls, after: sep, pair };
  }
  expect(path, 'post_processor.type', processor.type, 'TemplateProcessing');
  const specials = asObject(processor.special_tokens);
  const steps = (template: unknown): PairStep[] => asList(template).map((step) => parseStep(path, specials, step));
  const single = steps(processor.single);
  const middle = single.findIndex((step) => 'text' in step);
  const idsOf = (some: readonly PairStep[]): number[] => some.flatMap((step) => ('ids' in step ? step.ids : []));
  const pair = steps(processor.pair);
  return {
    before: idsOf(single.slice(0, middle)),
    after: idsOf(single.slice(middle)),
    ...(pair.length > 0 && { pair }),
  };
}

function parseStep(path: string, specials: Json, step: unknown): PairStep {
  const { SpecialToken: special, Sequence: sequence } = asObject(step);
  const { id, type_id: type } = asObject(special ?? sequence);
  if (special === undefined) return { text: id === 'B' ? 'second' : 'first', type: Number(type) };
  const name = String(id);
  const ids = asList(asObject(specials[name]).ids).filter((value) => typeof value === 'number');
  if (ids.length === 0) throw new Error(`${path}: "post_processor.special_tokens" has no ids for "${name}".`);
  return { ids, type: Number(type) };
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
