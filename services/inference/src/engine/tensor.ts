/** The arrays that hold the elements of a tensor, by ONNX Runtime's name of its type. */
export interface TensorArrays {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  /** The bits of each number: arrays of halves are newer than the runtimes that this is used with. */
  readonly float16: Uint16Array;
  readonly int8: Int8Array;
  readonly uint8: Uint8Array;
  readonly int16: Int16Array;
  readonly uint16: Uint16Array;
  readonly int32: Int32Array;
  readonly uint32: Uint32Array;
  readonly int64: BigInt64Array;
  readonly uint64: BigUint64Array;
  /** A byte each, 0 or 1. */
  readonly bool: Uint8Array;
  readonly string: readonly string[];
}

export type TensorType = keyof TensorArrays;

/** A tensor between the HTTP thread and a worker. */
export type EngineTensor = {
  readonly [Type in TensorType]: {
    readonly type: Type;
    readonly data: TensorArrays[Type];
    readonly dims: readonly number[];
  };
}[TensorType];

/** Elements that a shape has. */
export function volume(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** The memory behind tensors, to be handed over to another thread; texts are copied instead. */
export function buffersOf(tensors: Iterable<EngineTensor>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const tensor of tensors) {
    // ArrayBufferLike also names shared buffers, which these never are.
    if (tensor.type !== 'string') buffers.add(tensor.data.buffer as ArrayBuffer);
  }
  return [...buffers];
}
