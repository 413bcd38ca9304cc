/** Something that waits for its batch, and whoever waits for it. */
export interface Waiting<Input, Output> {
  readonly input: Input;
  readonly outputs: readonly string[];
  /** What it adds to a batch, in tokens; for tokens the length that they are padded to. */
  readonly bucket: number;
  /** Grows with every row; the lowest waits longest. */
  readonly sequence: number;
  /** Batches that were lost with it. */
  attempts: number;
  /** Nobody waits for it any more. */
  cancelled: boolean;
  readonly resolve: (outputs: Output) => void;
  readonly reject: (error: Error) => void;
}

/** What waits for one model. */
export interface WaitingQueue<Item> {
  /** Items that wait. */
  readonly size: number;
  /** Tokens that wait, padding included. */
  readonly tokens: number;
  /** The lowest sequence number that waits; Infinity when none does. */
  readonly oldest: number;
  push(item: Item): void;
  /** Takes items out that nobody waits for. */
  cancel(items: Iterable<Item>): void;
  /** Takes the next batch. Never empty while items wait. */
  take(maxTokens: number): Item[];
}

/** One sequence of tokens to compute, and the outputs that are wanted of it. */
export interface RowInput {
  readonly ids: Int32Array;
  /** 1 where a token counts, 0 where it is padding. @default - every token counts */
  readonly mask?: Int32Array;
  /** Which of two joined texts a token belongs to. @default - the first */
  readonly types?: Int32Array;
}

/** One row of an output: a vector, or a matrix with a row for every token. */
export interface RowOutput {
  readonly data: Float32Array;
  /** Without the batch's axis. */
  readonly dims: readonly number[];
}

export type RowOutputs = Readonly<Record<string, RowOutput>>;

/** A row that waits for its batch. */
export type Row = Waiting<RowInput, RowOutputs>;

/**
 * The length that a row of `length` tokens is padded to: few lengths, so that rows find partners of their own and the
 * allocator sees few shapes, yet close enough that little is computed for nothing.
 */
export function bucketOf(length: number): number {
  const step = length <= 32 ? 2 : length <= 128 ? 4 : 8;
  return Math.max(4, Math.ceil(length / step) * step);
}
