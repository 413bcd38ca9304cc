import { SENTENCE_EMBEDDING, TOKEN_EMBEDDINGS } from '../import/bert.ts';
import type { Pooling } from '../import/description.ts';
import { GraphBuilder } from './graph.ts';

/** First version of the standard operators whose axes are inputs, as they are written here. */
export const FIRST_OPSET = 13;

export interface PoolingOptions {
  /** The output with a vector for every token. */
  readonly hidden: string;
  /** The input that says which tokens count. */
  readonly mask: string;
  readonly hiddenSize: number;
  readonly pooling: Pooling;
  readonly normalize: boolean;
}

/**
 * What has to be written behind an exported encoder, so that it gives a vector for every text: pooling and
 * normalisation, and the vectors of the tokens under the name that they have here. Both are given as 32-bit floats,
 * whatever the encoder computes in.
 */
export function poolingAddition({ hidden, mask, hiddenSize, pooling, normalize }: PoolingOptions): Uint8Array {
  const g = new GraphBuilder('keelson/');
  const tokens = g.node('Cast', [hidden], { attributes: { to: 1 } });
  let pooled: string;
  if (pooling === 'cls') pooled = g.node('Gather', [tokens, g.ints([0], true)], { attributes: { axis: 1 } });
  else {
    const present = g.node('Cast', [mask], { attributes: { to: 1 } });
    const sum = g.node('Squeeze', [
      g.node('MatMul', [g.node('Unsqueeze', [present, g.ints([1])]), tokens]),
      g.ints([1]),
    ]);
    pooled = g.node('Div', [sum, g.node('Max', [g.node('ReduceSum', [present, g.ints([1])]), g.scalar(1e-9)])]);
  }
  if (normalize) {
    const length = g.node('Sqrt', [g.node('ReduceSum', [g.node('Mul', [pooled, pooled]), g.ints([1])])]);
    pooled = g.node('Div', [pooled, g.node('Max', [length, g.scalar(1e-12)])]);
  }
  g.output(SENTENCE_EMBEDDING, pooled, 'FLOAT', ['batch', hiddenSize]);
  if (hidden !== TOKEN_EMBEDDINGS) g.output(TOKEN_EMBEDDINGS, tokens, 'FLOAT', ['batch', 'sequence', hiddenSize]);
  return g.encodeAddition();
}

/** Gives an output in 32 bits under another name. */
export function castAddition(from: string, to: string, shape: readonly (number | string)[]): Uint8Array {
  const g = new GraphBuilder('keelson/');
  g.output(to, g.node('Cast', [from], { attributes: { to: 1 } }), 'FLOAT', shape);
  return g.encodeAddition();
}
