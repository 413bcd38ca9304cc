import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  ATTENTION_MASK,
  type BertWeights,
  buildBertGraph,
  classifierLabels,
  INPUT_IDS,
  LOGITS,
  quantizedLayers,
  SENTENCE_EMBEDDING,
  TOKEN_EMBEDDINGS,
  TOKEN_TYPE_IDS,
} from '../import/bert.ts';
import { type BertDescription, readBertDescription } from '../import/description.ts';
import { type QuantizedWeights, quantizeWeights } from '../import/quantize.ts';
import { readSafetensorsIndex } from '../import/safetensors.ts';
import type { TensorDescription } from '../protocol/tensor-description.ts';
import { loadTokenizer } from '../tokenizer/load.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';
import type { TextModel } from './model.ts';
import { observeLargest } from './observe.ts';
import type { ServingOptions } from './serving.ts';

/**
 * Imports a model of the BERT family: description, tokenizer, and the ONNX graph that points into the weights.
 *
 * @throws Error with the file, what is wrong with it, and the cure
 */
export async function readSafetensorsModel(
  identity: Pick<TextModel, 'name' | 'version' | 'key' | 'folder'>,
  file: string,
  { quantization }: ServingOptions,
): Promise<TextModel> {
  const { folder } = identity;
  const description = await readBertDescription(folder);
  const index = await readSafetensorsIndex(join(folder, file));
  // A Hugging Face cache has a link here. ONNX Runtime takes no weights that a link leads to out of the graph's folder, so the
  // graph lies where they are.
  const path = await realpath(join(folder, file));
  const weights = { file, location: basename(path), index };
  const tokenizer = await loadTokenizer(join(folder, 'tokenizer.json'));
  const quantized = quantization === 'int8' ? await quantizeModel(path, description, weights, tokenizer) : undefined;
  const labels = classifierLabels(weights);
  return {
    ...identity,
    folder: dirname(path),
    format: 'safetensors',
    task: labels === undefined ? 'encoder' : 'classifier',
    description,
    tokenizer,
    graph: buildBertGraph(description, { ...weights, ...(quantized && { quantized }) }),
    outputs: labels === undefined ? encoderOutputs(description.hiddenSize) : classifierOutputs(labels),
    interface: {
      ids: INPUT_IDS,
      mask: ATTENTION_MASK,
      ...(description.typeVocabularySize > 1 && { types: TOKEN_TYPE_IDS }),
      perToken: new Set([TOKEN_EMBEDDINGS]),
    },
  };
}

async function quantizeModel(
  path: string,
  description: BertDescription,
  weights: BertWeights,
  tokenizer: Tokenizer,
): Promise<QuantizedWeights> {
  const layers = quantizedLayers(description, weights);
  const paths = layers.flatMap(({ input }) => (input.kind === 'normalised' ? [input.path] : []));
  const largest = await observeLargest(description, weights, tokenizer, dirname(path), paths);
  return quantizeWeights(path, weights.index, layers, largest);
}

/** The outputs of an encoder, in the order in which they are described. */
export function encoderOutputs(hiddenSize: number): TensorDescription[] {
  return [
    { name: SENTENCE_EMBEDDING, datatype: 'FP32', shape: [-1, hiddenSize] },
    { name: TOKEN_EMBEDDINGS, datatype: 'FP32', shape: [-1, -1, hiddenSize] },
  ];
}

/** The output of a classifier: a score for each label. */
export function classifierOutputs(labels: number): TensorDescription[] {
  return [{ name: LOGITS, datatype: 'FP32', shape: [-1, labels] }];
}
