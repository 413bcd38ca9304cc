import { join } from 'node:path';
import { asObject, type Json, readJson } from '../json.ts';

/** How the vectors of the tokens become one vector of the text. */
export type Pooling = 'mean' | 'cls';

/** What is known about a model that reads texts, whatever form its weights have. */
export interface TextDescription {
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** 1 where the model does not tell two texts apart. */
  readonly typeVocabularySize: number;
  /** Positions that the model knows: more tokens than this cannot be computed. */
  readonly maxPositions: number;
  /** Tokens, special ones included, that a text is cut to, as the model was trained. */
  readonly window: number;
  readonly pooling: Pooling;
  readonly normalize: boolean;
}

/** The models that are imported from safetensors; they differ in the names of their weights and in small parts. */
export const ARCHITECTURES = ['bert', 'distilbert'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** What an import from safetensors has to know beside. */
export interface BertDescription extends TextDescription {
  readonly architecture: Architecture;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly layerNormEpsilon: number;
}

/** Names of the same facts in `config.json`. */
const KEYS = {
  bert: {
    hidden: 'hidden_size',
    wide: 'intermediate_size',
    layers: 'num_hidden_layers',
    heads: 'num_attention_heads',
    activation: 'hidden_act',
  },
  distilbert: {
    hidden: 'dim',
    wide: 'hidden_dim',
    layers: 'n_layers',
    heads: 'n_heads',
    activation: 'activation',
  },
} as const satisfies Readonly<Record<Architecture, object>>;

/**
 * Reads the description of a model in safetensors form from its folder: `config.json`, and where they exist
 * `modules.json`, `sentence_bert_config.json` and the configuration of the pooling module.
 *
 * Without `modules.json` a plain encoder is assumed: mean pooling, not normalised.
 *
 * @throws Error with the file, the value and the cure, for anything that this server would compute wrongly
 */
export async function readBertDescription(folder: string): Promise<BertDescription> {
  const { path, config, number } = await readConfigFile(folder);
  const architecture = ARCHITECTURES.find((name) => name === config.model_type);
  if (architecture === undefined) throw wrongValue(path, config, 'model_type', ARCHITECTURES);
  const keys = KEYS[architecture];
  requireValue(path, config, keys.activation, ['gelu']);
  requireValue(path, config, 'position_embedding_type', ['absolute', undefined]);
  const hiddenSize = number(keys.hidden);
  const heads = number(keys.heads);
  if (hiddenSize % heads !== 0) {
    throw new Error(`${path}: "${keys.hidden}" ${hiddenSize} is no multiple of "${keys.heads}" ${heads}.`);
  }
  const maxPositions = number('max_position_embeddings');
  return {
    architecture,
    hiddenSize,
    heads,
    maxPositions,
    intermediateSize: number(keys.wide),
    layers: number(keys.layers),
    vocabularySize: number('vocab_size'),
    typeVocabularySize: architecture === 'distilbert' ? 1 : number('type_vocab_size', 2),
    layerNormEpsilon: number('layer_norm_eps', 1e-12),
    window: await readWindow(folder, maxPositions),
    ...(await readModules(folder)),
  };
}

/**
 * As {@link readBertDescription}, for a model whose graph came as ONNX: only what the texts need.
 *
 * @param types whether the graph takes token types
 */
export async function readTextDescription(folder: string, types: boolean): Promise<TextDescription> {
  const { number } = await readConfigFile(folder);
  const maxPositions = number('max_position_embeddings');
  return {
    maxPositions,
    hiddenSize: number('hidden_size', number('dim', 1)),
    vocabularySize: number('vocab_size'),
    typeVocabularySize: types ? number('type_vocab_size', 2) : 1,
    window: await readWindow(folder, maxPositions),
    ...(await readModules(folder)),
  };
}

async function readConfigFile(folder: string) {
  const path = join(folder, 'config.json');
  const config = await readJson(path);
  if (config === undefined) throw new Error(`${path} is missing. A model folder needs config.json beside its weights.`);
  const number = (key: string, fallback?: number): number => {
    const value = config[key] ?? fallback;
    if (typeof value === 'number' && value > 0) return value;
    throw new Error(`${path}: "${key}" is ${JSON.stringify(value)}, which is not a number above 0.`);
  };
  return { path, config, number };
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
  if (!allowed.includes(config[key])) throw wrongValue(path, config, key, allowed);
}

function wrongValue(path: string, config: Json, key: string, allowed: readonly unknown[]): Error {
  const names = allowed.filter((value) => value !== undefined).join(' or ');
  return new Error(`${path}: "${key}" is ${JSON.stringify(config[key])}; this server imports ${names}.`);
}
