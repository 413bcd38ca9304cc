import { access, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { ModelInterface } from '../engine/batch.ts';
import type { TensorType } from '../engine/tensor.ts';
import {
  ATTENTION_MASK,
  INPUT_IDS,
  LOGITS,
  SENTENCE_EMBEDDING,
  TOKEN_EMBEDDINGS,
  TOKEN_TYPE_IDS,
} from '../import/bert.ts';
import { readTextDescription } from '../import/description.ts';
import { type GraphValue, type OnnxHeader, readOnnxHeader } from '../onnx/header.ts';
import { castAddition, FIRST_OPSET, poolingAddition } from '../onnx/pooling.ts';
import { DATA_TYPES } from '../onnx/schema.ts';
import { datatypeOf } from '../protocol/datatypes.ts';
import type { TensorDescription } from '../protocol/tensor-description.ts';
import { loadTokenizer } from '../tokenizer/load.ts';
import type { Model, TensorModel, TextModel } from './model.ts';
import { classifierOutputs, encoderOutputs } from './read-safetensors.ts';
import type { ServingOptions } from './serving.ts';

/** `TensorProto.DataType` by number, as far as tensors of it can be sent. */
const ELEMENT_TYPES: Readonly<Record<number, TensorType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};

/** What exports call the vectors of the tokens. */
const HIDDEN = [TOKEN_EMBEDDINGS, 'last_hidden_state'] as const;
const TOKEN_INPUTS: readonly string[] = [INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS];
const MASK_INPUT = ATTENTION_MASK;

type Identity = Pick<TextModel, 'name' | 'version' | 'key' | 'folder'>;

/**
 * Reads an ONNX model. With a tokenizer beside it, one that takes tokens is an encoder or a classifier; any other is
 * served with the tensors that it declares.
 *
 * @param relative the graph's file, in the folder of the version
 * @throws Error with the file, what is wrong with it, and the cure
 */
export async function readOnnxModel(
  identity: Identity,
  relative: string,
  { maxBatchRows }: ServingOptions,
): Promise<Model> {
  const file = join(identity.folder, relative);
  const header = await readOnnxHeader(file);
  for (const beside of header.files) await checkLink(file, beside);
  const base = { ...identity, format: 'onnx', file, folder: dirname(file) } as const;
  if ((await isThere(join(identity.folder, 'tokenizer.json'))) && takesTokens(header)) {
    const text = await readTextModel(identity, file, header);
    if (text !== undefined) return { ...base, ...text };
  }
  const model: TensorModel = {
    ...base,
    task: 'tensors',
    graph: new Uint8Array(),
    inputs: header.inputs.map((value) => describeValue(file, value)),
    outputs: header.outputs.map((value) => describeValue(file, value)),
    maxBatchRows,
  };
  checkBatching(file, model);
  return model;
}

/** ONNX Runtime takes no weights that a link leads to out of the graph's folder, and names neither of the two. */
async function checkLink(file: string, beside: string): Promise<void> {
  const folder = dirname(file);
  const path = join(folder, beside);
  let real: string;
  try {
    real = await realpath(path);
  } catch {
    throw new Error(`${path} is missing, where ${file} has its weights. Copy the model again, with all its files.`);
  }
  if (real.startsWith((await realpath(folder)) + sep)) return;
  throw new Error(
    `${path} is a link to ${real}, and ONNX Runtime reads weights from the folder of the graph alone. Copy the model with its files, such as with cp -rL.`,
  );
}

function takesTokens({ inputs }: OnnxHeader): boolean {
  const names = inputs.map(({ name }) => name);
  return names.includes(INPUT_IDS) && names.includes(MASK_INPUT) && names.every((name) => TOKEN_INPUTS.includes(name));
}

type TextPart = Pick<TextModel, 'task' | 'description' | 'tokenizer' | 'graph' | 'outputs' | 'interface'>;

/** The part of a model that reads texts; undefined when its outputs are none that are known. */
async function readTextModel(identity: Identity, file: string, header: OnnxHeader): Promise<TextPart | undefined> {
  const { folder } = identity;
  const types = header.inputs.some(({ name }) => name === TOKEN_TYPE_IDS);
  const output = (name: string): GraphValue | undefined => header.outputs.find((value) => value.name === name);
  const logits = output(LOGITS);
  const sentence = output(SENTENCE_EMBEDDING);
  const hidden = HIDDEN.map(output).find((value) => value !== undefined);
  if (logits === undefined && hidden === undefined) return undefined;
  const description = await readTextDescription(folder, types);
  const tokenizer = await loadTokenizer(join(folder, 'tokenizer.json'));
  const face: ModelInterface = {
    ids: INPUT_IDS,
    mask: ATTENTION_MASK,
    integers: integersOf(file, header),
    ...(types && { types: TOKEN_TYPE_IDS }),
    perToken: new Set([TOKEN_EMBEDDINGS]),
  };
  const shared = { description, tokenizer, interface: face };
  if (logits !== undefined) {
    requireFloat(file, logits);
    const labels = logits.shape.at(-1) ?? -1;
    if (labels < 1) throw new Error(`${file}: the output "${LOGITS}" does not say how many labels it has.`);
    return { ...shared, task: 'classifier', graph: new Uint8Array(), outputs: classifierOutputs(labels) };
  }
  if (hidden === undefined) return undefined;
  const hiddenSize = hidden.shape.at(-1) ?? -1;
  const size = hiddenSize > 0 ? hiddenSize : description.hiddenSize;
  return {
    ...shared,
    task: 'encoder',
    description: { ...description, hiddenSize: size },
    graph: addition(file, header, description, { hidden, sentence, size }),
    outputs: encoderOutputs(size),
  };
}

function addition(
  file: string,
  { opset }: OnnxHeader,
  { pooling, normalize }: TextModel['description'],
  { hidden, sentence, size }: { hidden: GraphValue; sentence: GraphValue | undefined; size: number },
): Uint8Array {
  if (sentence !== undefined) {
    // The export pools and normalises by itself.
    for (const value of [sentence, hidden]) requireFloat(file, value);
    if (hidden.name === TOKEN_EMBEDDINGS) return new Uint8Array();
    return castAddition(hidden.name, TOKEN_EMBEDDINGS, ['batch', 'sequence', size]);
  }
  if (opset < FIRST_OPSET) {
    throw new Error(
      `${file} uses version ${opset} of the operators. Export it again with opset ${FIRST_OPSET} or newer.`,
    );
  }
  if (hidden.name === TOKEN_EMBEDDINGS) requireFloat(file, hidden);
  return poolingAddition({ hidden: hidden.name, mask: MASK_INPUT, hiddenSize: size, pooling, normalize });
}

function requireFloat(file: string, { name, type }: GraphValue): void {
  if (type === DATA_TYPES.FLOAT) return;
  throw new Error(`${file}: the output "${name}" is not of 32-bit floats. Export it with float32 outputs.`);
}

function integersOf(file: string, { inputs }: OnnxHeader): 'int32' | 'int64' {
  const kinds = new Set(inputs.map(({ type }) => type));
  if (kinds.size === 1 && kinds.has(DATA_TYPES.INT64)) return 'int64';
  if (kinds.size === 1 && kinds.has(DATA_TYPES.INT32)) return 'int32';
  throw new Error(`${file} takes tokens that are neither all INT32 nor all INT64. Export it again.`);
}

function describeValue(file: string, { name, type, shape }: GraphValue): TensorDescription {
  const element = ELEMENT_TYPES[type];
  if (element === undefined) {
    throw new Error(`${file}: "${name}" is of a type (${type}) that the Open Inference Protocol has no name for here.`);
  }
  return { name, datatype: datatypeOf(element), shape };
}

/** Requests are joined along the first axis, so it has to be there, and open. */
function checkBatching(file: string, { inputs, outputs, maxBatchRows }: TensorModel): void {
  if (maxBatchRows === 0) return;
  const fixed = [...inputs, ...outputs].find(({ shape }) => shape[0] !== -1);
  if (fixed === undefined) return;
  throw new Error(
    `${file}: "${fixed.name}" has the shape [${fixed.shape}], so its rows cannot be computed with those of others. Set "maxBatchRows" to 0.`,
  );
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}
