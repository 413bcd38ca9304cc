import type { Model } from './models.ts';

/** Form in which weights are held. */
export type Precision = 'fp32' | 'bf16' | 'fp16' | 'fp8' | 'int8' | 'int4';

/** Bytes for one weight. Four bits come with scales of their groups: half a byte and an eighth of it (groups of 32 to 128). */
const bytesPerWeight: Readonly<Record<Precision, number>> = {
  fp32: 4,
  bf16: 2,
  fp16: 2,
  fp8: 1,
  int8: 1,
  int4: 0.5625,
};

/** Form in which keys and values are cached. */
export type CachePrecision = 'fp16' | 'fp8' | 'int4';

const bytesPerValue: Readonly<Record<CachePrecision, number>> = { fp16: 2, fp8: 1, int4: 0.5625 };

/** What decides about the memory that a model takes while it is served. */
export interface ModelLoad {
  readonly model: Model;
  readonly precision: Precision;
  /** Longest text, in tokens. Only a language model caches what it has read. */
  readonly context: number;
  /** Texts of that length that must fit at the same time. */
  readonly sequences: number;
  /** @default 'fp16' */
  readonly cache?: CachePrecision;
}

/** Memory for one model, in MiB. */
export interface ModelMemory {
  readonly weights: number;
  readonly keyValueCache: number;
}

const mebibyte = 1024 * 1024;

/** Memory of the weights, in MiB; undefined where their number is not known. */
export function weightMemory(model: Model, precision: Precision): number | undefined {
  return model.parameters === undefined ? undefined : (model.parameters * bytesPerWeight[precision]) / mebibyte;
}

/** Memory of one model, in MiB; undefined where the number of its weights is not known. */
export function modelMemory(load: ModelLoad): ModelMemory | undefined {
  const { model, precision, context, sequences, cache = 'fp16' } = load;
  const weights = weightMemory(model, precision);
  if (weights === undefined) return undefined;
  if (model.kind !== 'language') return { weights, keyValueCache: 0 };
  // A key and a value, for each head of each layer.
  const perToken = 2 * model.layers * model.keyValueHeads * model.headDimension * bytesPerValue[cache];
  return { weights, keyValueCache: (perToken * context * sequences) / mebibyte };
}
