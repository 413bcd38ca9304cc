import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FIXTURES = join(import.meta.dirname, '../fixtures');

/** A BERT encoder small enough to be made in a test. */
export const TINY = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  // More than the fixture's vocabulary has.
  vocab_size: 2048,
  type_vocab_size: 2,
  max_position_embeddings: 96,
  layer_norm_eps: 1e-12,
};

export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

export type Weights = ReadonlyMap<string, Weight>;

/** Weights that look random and are the same in every run. */
export function tinyWeights(seed = 1): Weights {
  const { hidden_size: h, intermediate_size: wide } = TINY;
  const weights = new Map<string, Weight>();
  let state = seed;
  const next = (): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648 - 0.5;
  };
  const add = (name: string, shape: number[], scale: number, offset = 0): void => {
    const size = shape.reduce((a, b) => a * b, 1);
    weights.set(name, { shape, values: Float32Array.from({ length: size }, () => offset + scale * next()) });
  };
  const linear = (name: string, to: number, from: number): void => {
    add(`${name}.weight`, [to, from], 0.6);
    add(`${name}.bias`, [to], 0.2);
  };
  const norm = (name: string): void => {
    add(`${name}.weight`, [h], 0.4, 1);
    add(`${name}.bias`, [h], 0.2);
  };
  add('embeddings.word_embeddings.weight', [TINY.vocab_size, h], 1);
  add('embeddings.position_embeddings.weight', [TINY.max_position_embeddings, h], 0.5);
  add('embeddings.token_type_embeddings.weight', [TINY.type_vocab_size, h], 0.5);
  norm('embeddings.LayerNorm');
  for (let layer = 0; layer < TINY.num_hidden_layers; layer++) {
    const path = `encoder.layer.${layer}`;
    for (const part of ['query', 'key', 'value']) linear(`${path}.attention.self.${part}`, h, h);
    linear(`${path}.attention.output.dense`, h, h);
    norm(`${path}.attention.output.LayerNorm`);
    linear(`${path}.intermediate.dense`, wide, h);
    linear(`${path}.output.dense`, h, wide);
    norm(`${path}.output.LayerNorm`);
  }
  return weights;
}

/** A classifier over the first token: the encoder below a prefix, as checkpoints have it, and its head. */
export function tinyClassifier(labels: number, seed = 7): Weights {
  const { hidden_size: h } = TINY;
  const encoder = [...tinyWeights(seed)].map(([name, weight]) => [`bert.${name}`, weight] as const);
  let state = seed;
  const some = (...shape: number[]): Weight => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state / 2147483648 - 0.5;
    });
    return { shape, values };
  };
  return new Map([
    ...encoder,
    ['bert.pooler.dense.weight', some(h, h)],
    ['bert.pooler.dense.bias', some(h)],
    ['classifier.weight', some(labels, h)],
    ['classifier.bias', some(labels)],
  ]);
}

/** The bytes of a safetensors file. */
export function safetensors(weights: Weights): Buffer {
  const header: Record<string, unknown> = {};
  let at = 0;
  for (const [name, { shape, values }] of weights) {
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const data = [...weights.values()].map(({ values }) => Buffer.from(values.buffer));
  return Buffer.concat([length, json, ...data]);
}

/** Writes a whole model folder `<root>/<name>/<version>`; returns its path. */
export async function writeTinyModel(
  root: string,
  { name = 'tiny', version = '1', weights = tinyWeights(), window = 64, serving = {} as object } = {},
): Promise<string> {
  const folder = join(root, name, version);
  await mkdir(join(folder, '1_Pooling'), { recursive: true });
  const modules = ['Transformer', 'Pooling', 'Normalize'].map((type, index) => ({
    path: index === 1 ? '1_Pooling' : '',
    type: `sentence_transformers.models.${type}`,
  }));
  await Promise.all([
    writeFile(join(folder, 'model.safetensors'), safetensors(weights)),
    writeFile(join(folder, 'config.json'), JSON.stringify(TINY)),
    writeFile(join(folder, 'modules.json'), JSON.stringify(modules)),
    writeFile(join(folder, 'sentence_bert_config.json'), JSON.stringify({ max_seq_length: window })),
    writeFile(join(folder, '1_Pooling/config.json'), JSON.stringify({ pooling_mode_mean_tokens: true })),
    writeFile(join(folder, 'serving.json'), JSON.stringify(serving)),
    copyFile(join(FIXTURES, 'tokenizer.json'), join(folder, 'tokenizer.json')),
  ]);
  return folder;
}
