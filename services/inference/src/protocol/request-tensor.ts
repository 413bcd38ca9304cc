import { type EngineTensor, volume } from '../engine/tensor.ts';
import { newArray } from '../engine/tensor-batch.ts';
import { ApiError } from '../errors/api-error.ts';
import { describe } from '../http/validation.ts';
import { DATATYPES, type Datatype, fromBytes, numberToHalf, textsFromBytes } from './datatypes.ts';

/** A tensor of a request, whichever way it came. Its values are read, and checked, when they are asked for. */
export interface RequestTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Where it stands in the request. */
  readonly path: string;
  texts(): readonly string[];
  /** Whole numbers that a double can hold. */
  integers(): ArrayLike<number>;
  tensor(datatype: Datatype): EngineTensor;
}

export interface TensorHead {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** Values in a list, flat or nested as the shape is. */
export class ListTensor implements RequestTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly path: string;
  readonly #data: readonly unknown[];

  constructor({ name, datatype, shape }: TensorHead, data: readonly unknown[], path: string) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.path = path;
    this.#data = data;
  }

  texts(): string[] {
    return this.#flat().map((value, index) => {
      if (typeof value === 'string') return value;
      throw this.#wrong(index, value, 'a text');
    });
  }

  integers(): number[] {
    return this.#flat().map((value, index) => {
      if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
      throw this.#wrong(index, value, 'a whole number');
    });
  }

  tensor(datatype: Datatype): EngineTensor {
    const { type } = DATATYPES[datatype];
    const dims = this.shape;
    if (type === 'string') return { type, data: this.texts(), dims };
    const values = this.#flat();
    const data = newArray(type, values.length);
    for (const [index, value] of values.entries()) {
      if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
        if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
          throw this.#wrong(index, value, 'a whole number below 2^53; larger ones go as binary data');
        }
        data[index] = BigInt(value);
      } else data[index] = this.#number(datatype, index, value);
    }
    // The array was made for this type.
    return { type, data, dims } as EngineTensor;
  }

  #number(datatype: Datatype, index: number, value: unknown): number {
    switch (datatype) {
      case 'BOOL':
        if (typeof value === 'boolean' || value === 0 || value === 1) return Number(value);
        throw this.#wrong(index, value, 'true or false');
      case 'FP16':
      case 'FP32':
      case 'FP64':
        if (typeof value !== 'number') throw this.#wrong(index, value, 'a number');
        return datatype === 'FP16' ? numberToHalf(value) : value;
      default: {
        const bits = DATATYPES[datatype].bytes * 8;
        const [least, most] = datatype.startsWith('U') ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
        if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
        throw this.#wrong(index, value, `a whole number from ${least} to ${most}`);
      }
    }
  }

  #flat(): unknown[] {
    const values = this.#data.some(Array.isArray) ? this.#data.flat(this.shape.length - 1) : [...this.#data];
    const expected = volume(this.shape);
    if (values.length === expected) return values;
    throw new ApiError(
      'invalid_request',
      `${this.path}.data has ${values.length} values, but shape [${this.shape}] has ${expected}`,
      { path: `${this.path}.data`, cure: 'Send as many values as the shape says, flat or nested as the shape is.' },
    );
  }

  #wrong(index: number, value: unknown, expected: string): ApiError {
    const at = `${this.path}.data[${index}]`;
    return new ApiError('invalid_request', `${at} is ${describe(value)}, not ${expected}`, {
      path: at,
      cure: `Send ${expected} there.`,
    });
  }
}

/** Values as bytes, in the order of the protocol: lowest byte first, texts behind their length. */
export class BytesTensor implements RequestTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly path: string;
  readonly #bytes: Uint8Array;

  constructor({ name, datatype, shape }: TensorHead, bytes: Uint8Array, path: string) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.path = path;
    this.#bytes = bytes;
  }

  texts(): string[] {
    const texts = textsFromBytes(this.#bytes);
    const expected = volume(this.shape);
    if (texts?.length === expected) return texts;
    throw new ApiError(
      'invalid_request',
      `the binary data of ${this.path} has ${texts?.length ?? 'a broken number of'} texts, but shape [${this.shape}] has ${expected}`,
      {
        path: this.path,
        cure: 'Send four bytes with the length, lowest byte first, in front of the bytes of each text.',
      },
    );
  }

  integers(): ArrayLike<number> {
    const tensor = this.tensor(this.datatype === 'INT32' ? 'INT32' : 'INT64');
    if (tensor.type === 'int32') return tensor.data;
    if (tensor.type === 'int64') return Array.from(tensor.data, Number);
    throw new Error('whole numbers are 32 or 64 bits wide');
  }

  tensor(datatype: Datatype): EngineTensor {
    const { type, bytes } = DATATYPES[datatype];
    if (type === 'string') return { type, data: this.texts(), dims: this.shape };
    const expected = volume(this.shape) * bytes;
    if (this.#bytes.byteLength === expected) return fromBytes(type, this.#bytes, this.shape);
    throw new ApiError(
      'invalid_request',
      `the binary data of ${this.path} has ${this.#bytes.byteLength} bytes, but ${datatype} [${this.shape}] has ${expected}`,
      { path: this.path, cure: 'Send the elements without gaps, lowest byte first.' },
    );
  }
}
