import type { RunRequest, RunResult } from './protocol.ts';
import type { Waiting } from './row.ts';
import { type EngineTensor, type TensorArrays, type TensorType, volume } from './tensor.ts';

/** The inputs of a model that takes whatever tensors it declares. */
export interface TensorInput {
  readonly feeds: Readonly<Record<string, EngineTensor>>;
  /**
   * Rows along the first axis of every input, when the model may compute those of several requests together; 0 when it
   * may not.
   */
  readonly rows: number;
}

export type TensorOutputs = Readonly<Record<string, EngineTensor>>;

export type TensorRow = Waiting<TensorInput, TensorOutputs>;

/** Inputs that differ in nothing but their rows have the same signature, and can be joined. */
export function signatureOf({ feeds }: TensorInput): string {
  return Object.entries(feeds)
    .map(([name, { type, dims }]) => `${name}:${type}[${dims.slice(1)}]`)
    .sort()
    .join(';');
}

/** Joins the inputs of several requests along the first axis. Always copies: a batch that is lost is written again. */
export function packTensors(key: string, rows: readonly TensorRow[]): RunRequest {
  const [first] = rows;
  const names = Object.keys(first?.input.feeds ?? {});
  const feeds = names.map((name) => [name, joined(rows.flatMap(({ input }) => input.feeds[name] ?? []))] as const);
  return {
    key,
    feeds: Object.fromEntries(feeds),
    fetches: [...new Set(rows.flatMap(({ outputs }) => outputs))],
  };
}

function joined(tensors: readonly EngineTensor[]): EngineTensor {
  const [first] = tensors;
  if (first === undefined) throw new Error('a batch without inputs');
  // A scalar has no axis to be joined along; it is only ever computed by itself.
  const rows = tensors.reduce((sum, { dims: [count = 0] }) => sum + count, 0);
  const dims = first.dims.length === 0 ? [] : [rows, ...first.dims.slice(1)];
  return concat(first.type, tensors, dims);
}

function concat(type: TensorType, tensors: readonly EngineTensor[], dims: readonly number[]): EngineTensor {
  if (type === 'string') {
    return { type, data: tensors.flatMap((tensor) => (tensor.type === 'string' ? tensor.data : [])), dims };
  }
  const size = volume(dims);
  const data = newArray(type, size);
  let at = 0;
  for (const tensor of tensors) {
    if (tensor.type === 'string') continue;
    // All of them have the type of the first, as their signature says; the compiler cannot see that.
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  // The array was made for this type.
  return { type, data, dims } as EngineTensor;
}

/** An array for elements of a type. */
export function newArray(type: Exclude<TensorType, 'string'>, size: number): TensorArrays[typeof type] {
  switch (type) {
    case 'float32':
      return new Float32Array(size);
    case 'float64':
      return new Float64Array(size);
    case 'float16':
    case 'uint16':
      return new Uint16Array(size);
    case 'int8':
      return new Int8Array(size);
    case 'uint8':
    case 'bool':
      return new Uint8Array(size);
    case 'int16':
      return new Int16Array(size);
    case 'int32':
      return new Int32Array(size);
    case 'uint32':
      return new Uint32Array(size);
    case 'int64':
      return new BigInt64Array(size);
    case 'uint64':
      return new BigUint64Array(size);
  }
}

/**
 * The outputs of one request among those that were computed together.
 *
 * @throws Error when the model does not give as many rows as it took, so that nobody gets those of another
 */
export function unpackTensors(
  row: TensorRow,
  index: number,
  all: readonly TensorRow[],
  result: RunResult,
): TensorOutputs {
  const start = all.slice(0, index).reduce((sum, { input }) => sum + input.rows, 0);
  const total = all.reduce((sum, { input }) => sum + input.rows, 0);
  return Object.fromEntries(
    row.outputs.map((name): [string, EngineTensor] => {
      const output = result.outputs[name];
      if (output === undefined) throw new Error(`the run has no output "${name}"`);
      if (all.length === 1) return [name, output];
      if (output.dims[0] !== total) {
        throw new Error(
          `the output "${name}" has ${output.dims[0] ?? 'no'} rows for ${total} of the input. Set "maxBatchRows" to 0 for this model.`,
        );
      }
      return [name, sliceRows(output, start, row.input.rows)];
    }),
  );
}

function sliceRows(tensor: EngineTensor, start: number, count: number): EngineTensor {
  const inner = tensor.dims.slice(1);
  const width = volume(inner);
  const dims = [count, ...inner];
  if (tensor.type === 'string')
    return { ...tensor, data: tensor.data.slice(start * width, (start + count) * width), dims };
  // A part of an array has the array's type.
  return { ...tensor, data: tensor.data.subarray(start * width, (start + count) * width), dims } as EngineTensor;
}
