import { ATTRIBUTE_TYPES, DATA_TYPES, type DataType, EXTERNAL, encodeModel } from './schema.ts';

/** A whole number is an INT attribute, a {@link float} a FLOAT, a list INTS, a text STRING. */
export type Attribute = number | { readonly float: number } | readonly number[] | string;
/** A dimension: a size, or the name of a dynamic axis. */
export type Dimension = number | string;

/** Marks a number as a FLOAT attribute: JavaScript cannot tell 1.0 from 1. */
export function float(value: number): { readonly float: number } {
  return { float: value };
}

/** Where the bytes of a weight lie: a file beside the model, not copied into it. */
export interface ExternalWeight {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** @default - the standard operators of ONNX */
  readonly domain?: string;
}

/** ONNX Runtime's own operators; the CPU and CUDA providers both have the fused ones for encoders. */
export const MICROSOFT = 'com.microsoft';

/**
 * Builds an ONNX graph node by node. Every method returns the name of the value that it adds, so that a model reads
 * as the composition of functions that it is.
 */
export class GraphBuilder {
  readonly #nodes: Record<string, unknown>[] = [];
  readonly #initializers = new Map<string, Record<string, unknown>>();
  readonly #inputs: Record<string, unknown>[] = [];
  readonly #outputs: Record<string, unknown>[] = [];
  readonly #scope: string;
  #counter = 0;

  /** @param scope in front of the names of nodes, so that they are none of those of a graph that is added to */
  constructor(scope = '') {
    this.#scope = scope;
  }

  /** Declares an input of the model. */
  input(name: string, type: DataType, shape: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares `value` to be an output of the model, under the name `name`. */
  output(name: string, value: string, type: DataType, shape: readonly Dimension[]): void {
    this.#nodes.push({ input: [value], output: [name], name, opType: 'Identity' });
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a weight whose bytes stay in another file. */
  external(name: string, type: DataType, shape: readonly number[], at: ExternalWeight): string {
    this.#initializers.set(name, {
      name,
      dims: shape,
      dataType: DATA_TYPES[type],
      dataLocation: EXTERNAL,
      externalData: [
        { key: 'location', value: at.file },
        { key: 'offset', value: String(at.offset) },
        { key: 'length', value: String(at.length) },
      ],
    });
    return name;
  }

  /** Adds a constant of 64-bit integers; equal constants are shared. */
  ints(values: readonly number[], scalar = false): string {
    const name = `${this.#scope}int64:${scalar ? '' : '[]'}${values.join(',')}`;
    const data = BigInt64Array.from(values, BigInt);
    return this.#constant(name, 'INT64', scalar ? [] : [values.length], new Uint8Array(data.buffer));
  }

  /** Adds a scalar constant. */
  scalar(value: number): string {
    return this.#constant(`${this.#scope}float:${value}`, 'FLOAT', [], new Uint8Array(Float32Array.of(value).buffer));
  }

  /** Adds a weight that is kept in the graph itself. */
  weight(name: string, type: DataType, shape: readonly number[], data: ArrayBufferView): string {
    return this.#constant(name, type, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  /** Adds a node with one output, and returns that output's name. */
  node(opType: string, inputs: readonly string[], options: NodeOptions = {}): string {
    this.#counter += 1;
    const name = `${this.#scope}${opType}_${this.#counter}`;
    const attribute = Object.entries(options.attributes ?? {}).map(([key, value]) => encodeAttribute(key, value));
    this.#nodes.push({ input: inputs, output: [name], name, opType, attribute, domain: options.domain ?? '' });
    return name;
  }

  /** The nodes, weights and outputs, to be written behind a model that they add to. */
  encodeAddition(): Uint8Array {
    const graph = { node: this.#nodes, initializer: [...this.#initializers.values()], output: this.#outputs };
    return encodeModel({ graph });
  }

  /** The serialised model. The opset numbers are what ONNX Runtime 1.30 implements, with room below its newest. */
  encode(name: string): Uint8Array {
    return encodeModel({
      irVersion: 9,
      producerName: 'keelson',
      opsetImport: [
        { domain: '', version: 17 },
        { domain: MICROSOFT, version: 1 },
      ],
      graph: {
        name,
        node: this.#nodes,
        initializer: [...this.#initializers.values()],
        input: this.#inputs,
        output: this.#outputs,
      },
    });
  }

  #constant(name: string, type: DataType, dims: readonly number[], rawData: Uint8Array): string {
    this.#initializers.set(name, { name, dims, dataType: DATA_TYPES[type], rawData });
    return name;
  }
}

function valueInfo(name: string, type: DataType, shape: readonly Dimension[]): Record<string, unknown> {
  const dim = shape.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: DATA_TYPES[type], shape: { dim } } } };
}

function encodeAttribute(name: string, value: Attribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, type: ATTRIBUTE_TYPES.INT, i: value };
  if (typeof value === 'string') return { name, type: ATTRIBUTE_TYPES.STRING, s: Buffer.from(value) };
  if ('float' in value) return { name, type: ATTRIBUTE_TYPES.FLOAT, f: value.float };
  return { name, type: ATTRIBUTE_TYPES.INTS, ints: value };
}
