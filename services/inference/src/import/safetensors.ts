import { open } from 'node:fs/promises';

/** Where one tensor lies in a safetensors file; the offset counts from the start of the file. */
export interface TensorEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** Bytes of one element. Source: github.com/huggingface/safetensors, README "Format", read 2026-11-21. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The format's own limit for its header. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads the table of contents of a safetensors file without reading the weights, and checks that every tensor lies
 * within the file and has as many bytes as its shape needs: a truncated copy shows up here, not as wrong numbers.
 *
 * @throws Error with the path, what is wrong, and the cure
 */
export async function readSafetensorsIndex(path: string): Promise<ReadonlyMap<string, TensorEntry>> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const prefix = Buffer.alloc(8);
    if ((await file.read(prefix, 0, 8, 0)).bytesRead < 8) throw broken(path, 'is shorter than its length field');
    const headerLength = Number(prefix.readBigUInt64LE());
    if (headerLength > MAX_HEADER_BYTES || headerLength + 8 > size) {
      throw broken(path, `announces a header of ${headerLength} bytes in a file of ${size}`);
    }
    const header = Buffer.alloc(headerLength);
    await file.read(header, 0, headerLength, 8);
    return parseIndex(path, header.toString('utf8'), 8 + headerLength, size);
  } finally {
    await file.close();
  }
}

function parseIndex(path: string, text: string, start: number, size: number): ReadonlyMap<string, TensorEntry> {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw broken(path, 'has a header that is not JSON');
  }
  const index = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header ?? {})) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: range } = value ?? {};
    if (typeof dtype !== 'string' || !isNumbers(shape) || !isNumbers(range)) {
      throw broken(path, `describes the tensor "${name}" without dtype, shape or data_offsets`);
    }
    const [from = 0, to = 0] = range;
    const elements = shape.reduce((product, dimension) => product * dimension, 1);
    const bytes = ELEMENT_BYTES[dtype];
    if (bytes === undefined) throw broken(path, `stores "${name}" as ${dtype}, which is not a known type`);
    if (start + to > size) throw broken(path, `ends at ${size} bytes, before the tensor "${name}"`);
    if (to - from !== elements * bytes) {
      throw broken(path, `gives "${name}" ${to - from} bytes where ${dtype} [${shape}] needs ${elements * bytes}`);
    }
    index.set(name, { dtype, shape, offset: start + from, length: to - from });
  }
  return index;
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function broken(path: string, problem: string): Error {
  return new Error(`${path} ${problem}. Copy the model again: the file is damaged or not in safetensors format.`);
}
