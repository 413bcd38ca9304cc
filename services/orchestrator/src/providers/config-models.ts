import { isRecord } from '../json.ts';
import type { Wrong } from './config.ts';

/** A model of a provider. */
export interface ModelConfig {
  /** By which callers ask for it. Several providers may serve one name: then they stand in for each other. */
  readonly name: string;
  /** The provider's own name for it. */
  readonly upstream: string;
  /** In US dollars for a million tokens. */
  readonly price: ModelPrice;
  /** What a call may produce when it does not say. */
  readonly maxOutputTokens: number;
  /** It embeds, and does not chat. */
  readonly embeddings: boolean;
}

export interface ModelPrice {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
}

export const FREE: ModelPrice = { input: 0, cachedInput: 0, output: 0 };

/** What Anthropic's API must be told, and what a budget reserves, when a call names no limit. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;

/** A model that is known by one name everywhere and costs nothing. */
export function plainModel(name: string): ModelConfig {
  return { name, upstream: name, price: FREE, maxOutputTokens: DEFAULT_MAX_OUTPUT_TOKENS, embeddings: false };
}

const FIELDS = ['name', 'upstream', 'price', 'maxOutputTokens', 'embeddings'];

/** A model is a name, or an object with a name and what is known about it. */
export function parseModels(given: unknown, wrong: Wrong): readonly ModelConfig[] {
  if (!Array.isArray(given) || given.length === 0) {
    wrong('.models', 'is not a list of model names', 'Name at least one model.');
    return [];
  }
  return given.flatMap((entry: unknown, at): ModelConfig[] => {
    const path = `.models[${at}]`;
    if (typeof entry === 'string' && entry !== '') return [plainModel(entry)];
    if (!isRecord(entry) || typeof entry.name !== 'string' || entry.name === '') {
      wrong(path, 'is no model', 'Write a name, or an object with a name.');
      return [];
    }
    for (const field of Object.keys(entry)) {
      if (!FIELDS.includes(field)) wrong(`${path}.${field}`, 'is not a field of a model', `Use ${FIELDS.join(', ')}.`);
    }
    const { upstream = entry.name, maxOutputTokens = DEFAULT_MAX_OUTPUT_TOKENS, embeddings = false } = entry;
    if (typeof upstream !== 'string' || upstream === '')
      wrong(`${path}.upstream`, 'is not a name', "Write the provider's own name of the model.");
    if (typeof maxOutputTokens !== 'number' || !Number.isInteger(maxOutputTokens) || maxOutputTokens < 1)
      wrong(`${path}.maxOutputTokens`, 'is not a number of tokens', 'Write a whole number above 0.');
    if (typeof embeddings !== 'boolean') wrong(`${path}.embeddings`, 'is not true or false', 'Write true or false.');
    return [
      {
        name: entry.name,
        upstream: typeof upstream === 'string' ? upstream : entry.name,
        price: parsePrice(entry.price, `${path}.price`, wrong),
        maxOutputTokens: typeof maxOutputTokens === 'number' ? maxOutputTokens : DEFAULT_MAX_OUTPUT_TOKENS,
        embeddings: embeddings === true,
      },
    ];
  });
}

function parsePrice(given: unknown, path: string, wrong: Wrong): ModelPrice {
  if (given === undefined) return FREE;
  const cure = 'Write US dollars for a million tokens: {"input": 3, "output": 15, "cachedInput": 0.3}.';
  if (!isRecord(given)) {
    wrong(path, 'is not an object', cure);
    return FREE;
  }
  for (const field of Object.keys(given)) {
    if (!Object.hasOwn(FREE, field)) wrong(`${path}.${field}`, 'is not a price', cure);
  }
  const read = (field: keyof ModelPrice, fallback: number | undefined): number => {
    const value = given[field] ?? fallback;
    if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
    wrong(`${path}.${field}`, 'is not a price', cure);
    return 0;
  };
  const input = read('input', undefined);
  return { input, cachedInput: read('cachedInput', input), output: read('output', undefined) };
}
