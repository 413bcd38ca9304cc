import { ATTENTION_MASK, INPUT_IDS, SENTENCE_EMBEDDING, TOKEN_EMBEDDINGS, TOKEN_TYPE_IDS } from '../import/bert.ts';
import type { Model } from './model.ts';

/** The input that takes texts; the others take tokens in its place. */
export const TEXT = 'text';

/** A tensor as the Open Inference Protocol describes it. */
export interface TensorDescription {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
}

/** What a sentence encoder takes: texts, or tokens with mask and types. */
export function describeInputs(): TensorDescription[] {
  return [
    { name: TEXT, datatype: 'BYTES', shape: [-1] },
    ...[INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS].map((name) => ({ name, datatype: 'INT64', shape: [-1, -1] })),
  ];
}

/** What it gives: a vector for every text, and one for every token. */
export function describeOutputs({ description: { hiddenSize } }: Model): TensorDescription[] {
  return [
    { name: SENTENCE_EMBEDDING, datatype: 'FP32', shape: [-1, hiddenSize] },
    { name: TOKEN_EMBEDDINGS, datatype: 'FP32', shape: [-1, -1, hiddenSize] },
  ];
}
