import type { Problem } from './problem.ts';

/** A model that turns text into vectors. */
export interface EmbeddingModel {
  readonly kind: 'embedding';
  /** Name that clients use, and folder of the model. */
  readonly name: string;
  /** Length of its vectors: fixed by its weights. */
  readonly dimension: number;
  /** Longest text that it reads, in tokens. */
  readonly maxTokens: number;
}

/** A model and what is fixed about it. */
export type Model = EmbeddingModel;

/**
 * MiniLM with six layers, in safetensors form. Dimension and sequence length as the model card states them
 * (sentence-transformers/all-MiniLM-L6-v2, 2026-11-21).
 */
export const allMiniLmL6V2: EmbeddingModel = {
  kind: 'embedding',
  name: 'all-minilm-l6-v2',
  dimension: 384,
  maxTokens: 256,
};

/** A collection of vectors in a vector database. */
export interface VectorCollection {
  readonly name: string;
  /** Length of the vectors that it holds. */
  readonly dimension: number;
}

/** A model whose vectors the collection cannot hold: every write would be refused. */
export function checkEmbedding(model: EmbeddingModel, collection: VectorCollection): readonly Problem[] {
  if (model.dimension === collection.dimension) return [];
  return [
    {
      path: `collections.${collection.name}.dimension`,
      value: collection.dimension,
      cure: `"${model.name}" makes vectors of ${model.dimension}: use that, in a new collection if this one has data`,
    },
  ];
}
