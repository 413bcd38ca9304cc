import type { RunRequest, RunResult } from './protocol.ts';
import type { Row, RowOutput, RowOutputs } from './row.ts';
import type { EngineTensor } from './tensor.ts';

/** Names of a model's values, so that a batch can be written and read without knowing the model. */
export interface ModelInterface {
  readonly ids: string;
  readonly mask: string;
  /** @default - the model does not tell two texts apart */
  readonly types?: string;
  /** Type of the three. @default int32 */
  readonly integers?: 'int32' | 'int64';
  /** Outputs with a row for every token: padding is cut off them. */
  readonly perToken: ReadonlySet<string>;
}

/** Writes rows into the tensors of one run, padded on the right to the longest bucket among them. */
export function packBatch(key: string, model: ModelInterface, rows: readonly Row[]): RunRequest {
  const length = Math.max(...rows.map(({ bucket }) => bucket));
  const ids = new IntegerTensor(model, rows.length, length);
  const mask = new IntegerTensor(model, rows.length, length);
  const types = new IntegerTensor(model, rows.length, length);
  for (const [index, { input }] of rows.entries()) {
    ids.set(index, input.ids);
    if (input.mask === undefined) mask.fill(index, input.ids.length);
    else mask.set(index, input.mask);
    if (input.types !== undefined) types.set(index, input.types);
  }
  const fetches = [...new Set(rows.flatMap(({ outputs }) => outputs))];
  const feeds = { [model.ids]: ids.tensor, [model.mask]: mask.tensor };
  if (model.types !== undefined) feeds[model.types] = types.tensor;
  return { key, feeds, fetches };
}

/** A matrix of whole numbers from 0, in 32 or in 64 bits. */
class IntegerTensor {
  readonly tensor: EngineTensor;
  readonly #words: Int32Array;
  readonly #length: number;
  /** 32-bit words of an element. */
  readonly #stride: number;

  constructor({ integers = 'int32' }: ModelInterface, rows: number, length: number) {
    const dims = [rows, length];
    this.#length = length;
    if (integers === 'int32') {
      this.#stride = 1;
      this.#words = new Int32Array(rows * length);
      this.tensor = { type: 'int32', data: this.#words, dims };
    } else {
      // The lower word of each; the upper one stays 0. Every platform that ONNX Runtime exists for has the lower first.
      this.#stride = 2;
      this.#words = new Int32Array(rows * length * 2);
      this.tensor = { type: 'int64', data: new BigInt64Array(this.#words.buffer), dims };
    }
  }

  set(row: number, values: Int32Array): void {
    const start = row * this.#length * this.#stride;
    if (this.#stride === 1) this.#words.set(values, start);
    else for (let at = 0; at < values.length; at++) this.#words[start + at * 2] = values[at] ?? 0;
  }

  fill(row: number, count: number): void {
    const start = row * this.#length * this.#stride;
    if (this.#stride === 1) this.#words.fill(1, start, start + count);
    else for (let at = 0; at < count; at++) this.#words[start + at * 2] = 1;
  }
}

/** The outputs of the row at `index`, without its padding: what it asked for, and nothing else. */
export function unpackRow(model: ModelInterface, row: Row, index: number, result: RunResult): RowOutputs {
  return Object.fromEntries(
    row.outputs.map((name): [string, RowOutput] => {
      const output = result.outputs[name];
      if (output?.type !== 'float32') throw new Error(`the run has no float output "${name}"`);
      const [, ...dims] = output.dims;
      const stride = dims.reduce((product, size) => product * size, 1);
      const start = index * stride;
      if (!model.perToken.has(name)) return [name, { data: output.data.subarray(start, start + stride), dims }];
      const [, ...inner] = dims;
      const tokens = row.input.ids.length;
      const width = inner.reduce((product, size) => product * size, 1);
      return [name, { data: output.data.subarray(start, start + tokens * width), dims: [tokens, ...inner] }];
    }),
  );
}
