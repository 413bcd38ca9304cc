import type { InputTensor, RunRequest, RunResult } from './protocol.ts';
import type { Row, RowOutput, RowOutputs } from './row.ts';

/** Names of a model's values, so that a batch can be written and read without knowing the model. */
export interface ModelInterface {
  readonly ids: string;
  readonly mask: string;
  readonly types: string;
  /** Outputs with a row for every token: padding is cut off them. */
  readonly perToken: ReadonlySet<string>;
}

/** Writes rows into the tensors of one run, padded on the right to the longest bucket among them. */
export function packBatch(key: string, model: ModelInterface, rows: readonly Row[]): RunRequest {
  const length = Math.max(...rows.map(({ bucket }) => bucket));
  const dims = [rows.length, length];
  const tensor = (): InputTensor => ({ data: new Int32Array(rows.length * length), dims });
  const ids = tensor();
  const mask = tensor();
  const types = tensor();
  for (const [index, { input }] of rows.entries()) {
    const at = index * length;
    ids.data.set(input.ids, at);
    if (input.mask === undefined) mask.data.fill(1, at, at + input.ids.length);
    else mask.data.set(input.mask, at);
    if (input.types !== undefined) types.data.set(input.types, at);
  }
  const fetches = [...new Set(rows.flatMap(({ outputs }) => outputs))];
  return { key, feeds: { [model.ids]: ids, [model.mask]: mask, [model.types]: types }, fetches };
}

/** The outputs of the row at `index`, without its padding: what it asked for, and nothing else. */
export function unpackRow(model: ModelInterface, row: Row, index: number, result: RunResult): RowOutputs {
  return Object.fromEntries(
    row.outputs.map((name): [string, RowOutput] => {
      const output = result.outputs[name];
      if (output === undefined) throw new Error(`the run has no output "${name}"`);
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
