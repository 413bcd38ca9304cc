import type { EngineTensor, TensorType } from '../engine/tensor.ts';
import { newArray } from '../engine/tensor-batch.ts';

/** The datatypes of the Open Inference Protocol, with ONNX Runtime's name and the bytes of an element. */
export const DATATYPES = {
  BOOL: { type: 'bool', bytes: 1 },
  UINT8: { type: 'uint8', bytes: 1 },
  UINT16: { type: 'uint16', bytes: 2 },
  UINT32: { type: 'uint32', bytes: 4 },
  UINT64: { type: 'uint64', bytes: 8 },
  INT8: { type: 'int8', bytes: 1 },
  INT16: { type: 'int16', bytes: 2 },
  INT32: { type: 'int32', bytes: 4 },
  INT64: { type: 'int64', bytes: 8 },
  FP16: { type: 'float16', bytes: 2 },
  FP32: { type: 'float32', bytes: 4 },
  FP64: { type: 'float64', bytes: 8 },
  BYTES: { type: 'string', bytes: 0 },
} as const satisfies Readonly<Record<string, { readonly type: TensorType; readonly bytes: number }>>;

export type Datatype = keyof typeof DATATYPES;

export function isDatatype(name: string): name is Datatype {
  return Object.hasOwn(DATATYPES, name);
}

/** The protocol's name of an element type. */
export function datatypeOf(type: TensorType): Datatype {
  for (const [name, known] of Object.entries(DATATYPES)) {
    // The keys of the table are its datatypes.
    if (known.type === type) return name as Datatype;
  }
  throw new Error(`the type ${type} has no name in the Open Inference Protocol`);
}

/** The bytes of elements, copied: where they come from may be aligned in any way. */
export function fromBytes(
  type: Exclude<TensorType, 'string'>,
  bytes: Uint8Array,
  dims: readonly number[],
): EngineTensor {
  const { bytes: width } = DATATYPES[datatypeOf(type)];
  const data = newArray(type, bytes.byteLength / width);
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(bytes);
  // The array was made for this type.
  return { type, data, dims } as EngineTensor;
}

/** Elements as bytes, lowest byte first; texts with their length in four bytes in front of each. */
export function toBytes(tensor: EngineTensor): Buffer {
  if (tensor.type !== 'string') {
    const { buffer, byteOffset, byteLength } = tensor.data;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  return Buffer.concat(
    tensor.data.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.byteLength);
      return [length, bytes];
    }),
  );
}

/** Texts with their length in four bytes in front of each; undefined when they do not end where the bytes end. */
export function textsFromBytes(bytes: Uint8Array): string[] | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at < buffer.byteLength; ) {
    if (at + 4 > buffer.byteLength) return undefined;
    const end = at + 4 + buffer.readUInt32LE(at);
    if (end > buffer.byteLength) return undefined;
    texts.push(buffer.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}

/** A half from its bits. Source: IEEE 754-2008, binary16. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * 2 ** (exponent - 15) * (1 + fraction / 1024);
}

/** The bits of the half next to a number. */
export function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  // Halfway to the next that there would be, and beyond, is infinite.
  if (size >= 65_520) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  // Adding lets a fraction that was rounded up to 1024 carry into the exponent.
  return sign | (((exponent + 15) << 10) + roundToEven((size / 2 ** exponent - 1) * 1024));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
