import { join } from 'node:path';
import { asObject, type Json, readJson } from '../json.ts';

/** How the vectors of the tokens become one vector of the text. */
export type Pooling = 'mean' | 'cls';

/** What the files beside the weights say about an encoder. */
export interface EncoderDescription {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabularySize: number;
  readonly typeVocabularySize: number;
  /** Positions that the model knows: more tokens than this cannot be computed. */
  readonly maxPositions: number;
  /** Tokens, special ones included, that a text is cut to, as the model was trained. */
  readonly window: number;
  readonly layerNormEpsilon: number;
  readonly pooling: Pooling;
  readonly normalize: boolean;
}

/**
 * Reads the description of a sentence encoder from its folder: `config.json`, and where they exist `modules.json`,
 * `sentence_bert_config.json` and the configuration of the pooling module.
 *
 * Without `modules.json` a plain encoder is assumed: mean pooling, not normalised.
 *
 * @throws Error with the file, the value and the cure, for anything that this server would compute wrongly
 */
export async function readEncoderDescription(folder: string): Promise<EncoderDescription> {
  const path = join(folder, 'config.json');
  const config = await readJson(path);
  if (config === undefined) throw new Error(`${path} is missing. A model folder needs config.json beside its weights.`);
  const number = (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && value > 0) return value;
    throw new Error(`${path}: "${key}" is ${JSON.stringify(value)}, which is not a number above 0.`);
  };
  requireValue(path, config, 'model_type', ['bert']);
  requireValue(path, config, 'hidden_act', ['gelu']);
  requireValue(path, config, 'position_embedding_type', ['absolute', undefined]);
  const hiddenSize = number('hidden_size');
  const heads = number('num_attention_heads');
  if (hiddenSize % heads !== 0) {
    throw new Error(`${path}: "hidden_size" ${hiddenSize} is no multiple of "num_attention_heads" ${heads}.`);
  }
  const maxPositions = number('max_position_embeddings');
  return {
    hiddenSize,
    heads,
    maxPositions,
    intermediateSize: number('intermediate_size'),
    layers: number('num_hidden_layers'),
    vocabularySize: number('vocab_size'),
    typeVocabularySize: number('type_vocab_size', 2),
    layerNormEpsilon: number('layer_norm_eps', 1e-12),
    window: await readWindow(folder, maxPositions),
    ...(await readModules(folder)),
  };
}

async function readWindow(folder: string, maxPositions: number): Promise<number> {
  const config = await readJson(join(folder, 'sentence_bert_config.json'));
  const window = config?.max_seq_length;
  return typeof window === 'number' && window > 0 ? Math.min(window, maxPositions) : maxPositions;
}

async function readModules(folder: string): Promise<{ pooling: Pooling; normalize: boolean }> {
  const path = join(folder, 'modules.json');
  const modules = await readJson(path);
  if (modules === undefined) return { pooling: 'mean', normalize: false };
  let pooling: Pooling = 'mean';
  let normalize = false;
  for (const module of Object.values(modules)) {
    const { type, path: subfolder } = asObject(module);
    const kind = String(type).split('.').at(-1);
    if (kind === 'Transformer') continue;
    if (kind === 'Pooling') pooling = await readPooling(join(folder, String(subfolder), 'config.json'));
    else if (kind === 'Normalize') normalize = true;
    else throw new Error(`${path}: the module "${String(type)}" is not one of Transformer, Pooling, Normalize.`);
  }
  return { pooling, normalize };
}

async function readPooling(path: string): Promise<Pooling> {
  const config = (await readJson(path)) ?? {};
  const modes = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') return 'mean';
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') return 'cls';
  throw new Error(`${path} asks for ${modes.join(', ') || 'no pooling'}. Only the mean or the first token are pooled.`);
}

function requireValue(path: string, config: Json, key: string, allowed: readonly unknown[]): void {
  if (allowed.includes(config[key])) return;
  const names = allowed.filter((value) => value !== undefined).join(' or ');
  throw new Error(`${path}: "${key}" is ${JSON.stringify(config[key])}; this server imports ${names}.`);
}
