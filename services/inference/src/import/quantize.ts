import { open } from 'node:fs/promises';
import { Turns } from '../models/turns.ts';
import { type GraphBuilder, MICROSOFT } from '../onnx/graph.ts';
import type { TensorEntry } from './safetensors.ts';

/** A matrix in 8 bits: `[from, to]`, with a scale for each column. */
export interface QuantizedWeight {
  readonly data: Int8Array;
  readonly scales: Float32Array;
}

export type QuantizedWeights = ReadonlyMap<string, QuantizedWeight>;

/** Largest value of a signed byte; the one below -127 is left out, so that the range is even. */
const LARGEST = 127;
/** The zero of unsigned bytes: the CPU's instructions multiply unsigned by signed ones. */
const ZERO = 128;
/** Longest time that quantising may keep the HTTP thread from answering others. */
const SLICE_MS = 2;
/** ONNX's number of the type, for casts. */
const UINT8 = 2;

const turns = new Turns();

/**
 * Reads matrices and rounds them to 8 bits, each row of `[to, from]` with a scale of its own, so that one large weight
 * does not make the others coarse.
 *
 * @throws Error when a matrix is not stored as F32
 */
export async function quantizeWeights(
  path: string,
  index: ReadonlyMap<string, TensorEntry>,
  names: readonly string[],
): Promise<QuantizedWeights> {
  const file = await open(path, 'r');
  try {
    const weights = new Map<string, QuantizedWeight>();
    for (const name of names) {
      const entry = index.get(name);
      // What is missing, or has a wrong shape, is reported where the graph is built.
      if (entry === undefined || entry.shape.length !== 2) continue;
      if (entry.dtype !== 'F32') {
        throw new Error(
          `${path}: "${name}" is stored as ${entry.dtype}. Save the model as F32, or leave "quantization" at "none".`,
        );
      }
      const values = new Float32Array(entry.length / 4);
      await file.read(new Uint8Array(values.buffer), 0, entry.length, entry.offset);
      weights.set(name, await quantize(values, entry.shape[0] ?? 0, entry.shape[1] ?? 0));
    }
    return weights;
  } finally {
    await file.close();
  }
}

/** Rounds a matrix `[to, from]`, and turns it. */
export async function quantize(values: Float32Array, to: number, from: number): Promise<QuantizedWeight> {
  const data = new Int8Array(values.length);
  const scales = new Float32Array(to);
  let sliceEnd = performance.now() + SLICE_MS;
  for (let row = 0; row < to; row++) {
    const start = row * from;
    let most = 0;
    for (let at = start; at < start + from; at++) most = Math.max(most, Math.abs(values[at] ?? 0));
    const scale = most / LARGEST || 1;
    scales[row] = scale;
    for (let at = 0; at < from; at++) data[at * to + row] = Math.round((values[start + at] ?? 0) / scale);
    if (performance.now() > sliceEnd) {
      await turns.next();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  return { data, scales };
}

/**
 * A linear layer in 8 bits: every row of the input is rounded with a scale of its own while it is computed.
 *
 * A scale for the whole input, as ONNX Runtime's own DynamicQuantizeMatMul has it, would make the result of a text
 * depend on what it shares a batch with: two digits were lost to that, and a cosine of 0.985 was all that was left.
 */
export function quantizedLinear(
  g: GraphBuilder,
  name: string,
  weight: QuantizedWeight,
  input: string,
  bias: string,
): string {
  const to = weight.scales.length;
  const from = weight.data.length / to;
  const { rounded, scale } = roundRows(g, input, from);
  const matrix = g.weight(`${name}:int8`, 'INT8', [from, to], weight.data);
  const scales = g.weight(`${name}:scales`, 'FLOAT', [to], weight.scales);
  const product = g.node('MatMulIntegerToFloat', [rounded, matrix, g.scalar(1), scales, zeroPoint(g)], {
    domain: MICROSOFT,
  });
  const scaled = g.node('Mul', [product, scale]);
  const shape = g.node('Concat', [leadingAxes(g, input), g.ints([to])], { attributes: { axis: 0 } });
  return g.node('Add', [g.node('Reshape', [scaled, shape]), bias]);
}

/** The input as rows of bytes, with the scale of each; computed once for all layers that read it. */
function roundRows(g: GraphBuilder, input: string, from: number): { rounded: string; scale: string } {
  const rows = g.node('Reshape', [input, g.ints([-1, from])]);
  const most = g.node('ReduceMax', [g.node('Abs', [rows])], { attributes: { axes: [1], keepdims: 1 } });
  const scale = g.node('Max', [g.node('Mul', [most, g.scalar(1 / LARGEST)]), g.scalar(1e-30)]);
  const flat = g.node('Squeeze', [scale, g.ints([1])]);
  const zeros = g.node('Cast', [g.node('Clip', [flat, g.scalar(ZERO), g.scalar(ZERO)])], { attributes: { to: UINT8 } });
  return { rounded: g.node('QuantizeLinear', [rows, flat, zeros], { attributes: { axis: 0 } }), scale };
}

function zeroPoint(g: GraphBuilder): string {
  return g.weight('uint8:zero', 'UINT8', [], Uint8Array.of(ZERO));
}

/** The sizes of all axes but the last. */
function leadingAxes(g: GraphBuilder, input: string): string {
  return g.node('Slice', [g.node('Shape', [input]), g.ints([0]), g.ints([-1])]);
}
