import type { RowOutputs } from '../engine/row.ts';
import { type EngineTensor, volume } from '../engine/tensor.ts';
import { ApiError } from '../errors/api-error.ts';
import { checkCount } from '../http/inputs.ts';
import type { Work } from '../http/request-log.ts';
import { type Computer, compute } from '../models/compute.ts';
import { describeOutputs } from '../models/interface.ts';
import type { Model, TensorModel, TextModel } from '../models/model.ts';
import { datatypeOf } from './datatypes.ts';
import type { RequestTensor } from './request-tensor.ts';
import { readTensors } from './tensor-inputs.ts';
import { readInputs } from './text-inputs.ts';

/** A tensor of an answer. */
export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly tensor: EngineTensor;
}

export interface InferRequest {
  readonly inputs: readonly RequestTensor[];
  /** Names of the outputs that are wanted. @default - all of the model's */
  readonly outputs?: readonly string[];
  readonly signal: AbortSignal;
}

export interface InferAnswer {
  readonly outputs: readonly OutputTensor[];
  readonly work: Work;
}

/** Most numbers of an answer: 64 MB of 32-bit floats. */
const MOST_NUMBERS = 16_000_000;

/** Computes a request of the Open Inference Protocol, whichever way it came. */
export async function infer(computer: Computer, model: Model, request: InferRequest): Promise<InferAnswer> {
  const wanted = wantedOutputs(model, request.outputs);
  return model.task === 'tensors'
    ? inferTensors(computer, model, wanted, request)
    : inferTexts(computer, model, wanted, request);
}

async function inferTexts(
  computer: Computer,
  model: TextModel,
  wanted: readonly string[],
  { inputs: tensors, signal }: InferRequest,
): Promise<InferAnswer> {
  const perToken = wanted.some((name) => model.interface.perToken.has(name));
  const inputs = readInputs(model, tensors, perToken);
  checkCount(inputs.length, 'inputs[0]');
  const { results, tokens } = await compute(computer, model, inputs, wanted, signal);
  const { name, version } = model;
  return {
    outputs: wanted.map((output) => joinRows(output, results)),
    work: { model: name, version, inputs: inputs.length, tokens },
  };
}

async function inferTensors(
  { scheduler }: Computer,
  model: TensorModel,
  wanted: readonly string[],
  { inputs: tensors, signal }: InferRequest,
): Promise<InferAnswer> {
  const { key, maxBatchRows, name, version } = model;
  const input = readTensors(model, tensors);
  const results = await scheduler.submitTensors({ key, input, maxBatchRows, outputs: wanted, signal });
  const outputs = wanted.flatMap((output): OutputTensor[] => {
    const tensor = results[output];
    return tensor === undefined ? [] : [{ name: output, datatype: datatypeOf(tensor.type), tensor }];
  });
  return { outputs, work: { model: name, version, inputs: Math.max(1, input.rows), tokens: 0 } };
}

function wantedOutputs(model: Model, requested: readonly string[] | undefined): string[] {
  const known = describeOutputs(model).map(({ name }) => name);
  if (requested === undefined || requested.length === 0) return known;
  return requested.map((name, index) => {
    if (known.includes(name)) return name;
    const path = `outputs[${index}].name`;
    throw new ApiError('invalid_request', `${path} is not an output of "${model.name}"`, {
      path,
      cure: `Ask for ${known.join(' or ')}.`,
    });
  });
}

/** Rows of several lengths become one tensor as long as the longest; behind the shorter ones come zeros. */
function joinRows(name: string, results: readonly RowOutputs[]): OutputTensor {
  const rows = results.flatMap((result) => result[name] ?? []);
  const [, ...inner] = rows[0]?.dims ?? [];
  const longest = Math.max(...rows.map(({ dims: [size = 0] }) => size));
  const dims = [rows.length, longest, ...inner];
  const size = volume(dims);
  if (size > MOST_NUMBERS) throw tooLarge(size, MOST_NUMBERS);
  const data = new Float32Array(size);
  const width = size / rows.length;
  for (const [index, row] of rows.entries()) data.set(row.data, index * width);
  return { name, datatype: 'FP32', tensor: { type: 'float32', data, dims } };
}

/** Refuses an answer that is too large to be written. */
export function tooLarge(size: number, most: number): ApiError {
  return new ApiError('invalid_request', `the answer would have ${size} numbers, more than ${most}`, {
    path: 'outputs',
    cure: 'Send fewer inputs in one request, or ask for outputs without a row for every token.',
  });
}
