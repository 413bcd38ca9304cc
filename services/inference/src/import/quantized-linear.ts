import { type GraphBuilder, MICROSOFT } from '../onnx/graph.ts';
import type { QuantizedWeight } from './quantize.ts';
import { signedWeights } from './weight-sign.ts';

/** The zero of unsigned bytes: the instructions for it multiply unsigned by signed ones. */
const ZERO = 128;
const LARGEST = 127;
const LARGEST_UNSIGNED = 255;
/** Beyond the least value of the GELU, -0.16997. */
const GELU_SHIFT = 0.17;
/** ONNX's number of the type, for casts. */
const UINT8 = 2;

interface Rounded {
  readonly rows: string;
  /** A number for each row. */
  readonly scale: string;
  readonly zero: string;
}

/**
 * Linear layers in 8 bits: every row of the input is rounded with a scale of its own while it is computed.
 *
 * A scale for the whole input, as ONNX Runtime's own DynamicQuantizeMatMul has it, would make the result of a text
 * depend on what it shares a batch with: seen were differences in the second digit, and a cosine of 0.985.
 */
export class QuantizedLinear {
  readonly #graph: GraphBuilder;
  /** Inputs that were rounded already: several layers may read the same. */
  readonly #rounded = new Map<string, Rounded>();
  readonly #signed = signedWeights();

  constructor(graph: GraphBuilder) {
    this.#graph = graph;
  }

  /** Adds a layer; returns its output. */
  add(name: string, weight: QuantizedWeight, input: string, bias: string): string {
    const g = this.#graph;
    const to = weight.scales.length;
    const from = weight.data.length / to;
    const { rows, scale, zero } = this.#round(input, from, weight);
    const { matrix, matrixZero } = this.#matrix(name, weight.data, [from, to]);
    const scales = g.weight(`${name}:scales`, 'FLOAT', [to], weight.scales);
    const product = g.node('MatMulIntegerToFloat', [rows, matrix, g.scalar(1), scales, zero, ...matrixZero], {
      domain: MICROSOFT,
    });
    const leading = g.node('Slice', [g.node('Shape', [input]), g.ints([0]), g.ints([-1])]);
    const shape = g.node('Concat', [leading, g.ints([to])], { attributes: { axis: 0 } });
    const scaled = g.node('Reshape', [g.node('Mul', [product, scale]), shape]);
    return g.node('Add', [scaled, weight.gelu ? this.#shifted(name, weight, bias) : bias]);
  }

  /** The weights, and their zero where it is another than 0. */
  #matrix(name: string, data: Int8Array, shape: readonly [number, number]) {
    const g = this.#graph;
    if (this.#signed) return { matrix: g.weight(`${name}:int8`, 'INT8', [...shape], data), matrixZero: [] };
    const shifted = Uint8Array.from(data, (value) => value + ZERO);
    return {
      matrix: g.weight(`${name}:uint8`, 'UINT8', [...shape], shifted),
      matrixZero: [this.#zero(ZERO)],
    };
  }

  #round(input: string, from: number, weight: QuantizedWeight): Rounded {
    const key = `${input}\n${weight.smoothing?.name}`;
    const known = this.#rounded.get(key);
    if (known !== undefined) return known;
    const rounded = weight.gelu ? this.#roundGelu(input, from) : this.#roundSigned(input, from, weight);
    this.#rounded.set(key, rounded);
    return rounded;
  }

  #roundSigned(input: string, from: number, { smoothing }: QuantizedWeight): Rounded {
    const g = this.#graph;
    const smooth =
      smoothing === undefined
        ? input
        : g.node('Mul', [input, g.weight(smoothing.name, 'FLOAT', [from], smoothing.inverse)]);
    const flat = g.node('Reshape', [smooth, g.ints([-1, from])]);
    return this.#quantize(flat, g.node('Abs', [flat]), LARGEST, ZERO);
  }

  /** Shifted, so that all bytes stand for values that occur. */
  #roundGelu(input: string, from: number): Rounded {
    const g = this.#graph;
    const flat = g.node('Reshape', [g.node('Add', [input, g.scalar(GELU_SHIFT)]), g.ints([-1, from])]);
    return this.#quantize(flat, flat, LARGEST_UNSIGNED, 0);
  }

  #quantize(rows: string, sizes: string, largest: number, zero: number): Rounded {
    const g = this.#graph;
    const most = g.node('ReduceMax', [sizes], { attributes: { axes: [1], keepdims: 1 } });
    const scale = g.node('Max', [g.node('Mul', [most, g.scalar(1 / largest)]), g.scalar(1e-30)]);
    const perRow = g.node('Squeeze', [scale, g.ints([1])]);
    const same = g.node('Clip', [perRow, g.scalar(zero), g.scalar(zero)]);
    const zeros = g.node('Cast', [same], { attributes: { to: UINT8 } });
    return {
      rows: g.node('QuantizeLinear', [rows, perRow, zeros], { attributes: { axis: 0 } }),
      scale,
      zero: this.#zero(zero),
    };
  }

  #zero(value: number): string {
    return this.#graph.weight(`uint8:${value}`, 'UINT8', [], Uint8Array.of(value));
  }

  /** The bias without what the shift of the input adds to every row. */
  #shifted(name: string, { data, scales }: QuantizedWeight, bias: string): string {
    const g = this.#graph;
    const to = scales.length;
    const added = scales.map((scale, column) => {
      let sum = 0;
      for (let at = column; at < data.length; at += to) sum += data[at] ?? 0;
      return sum * scale * GELU_SHIFT;
    });
    return g.node('Sub', [bias, g.weight(`${name}:shift`, 'FLOAT', [to], added)]);
  }
}
