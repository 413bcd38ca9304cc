import type { Problem } from './problem.ts';

/** Where a model's weights are published. */
export interface HubRepository {
  /** `<organisation>/<name>` on the Hugging Face hub. */
  readonly repository: string;
  /** Commit of the repository: the weights behind a branch change without notice. */
  readonly revision: string;
}

/** A model that turns text into vectors. */
export interface EmbeddingModel {
  readonly kind: 'embedding';
  /** Name that clients use, and folder of the model. */
  readonly name: string;
  /** Length of its vectors: fixed by its weights. */
  readonly dimension: number;
  /** Longest text that it reads, in tokens. */
  readonly maxTokens: number;
  /** Number of weights. @default - unknown: its memory is not checked */
  readonly parameters?: number;
}

/** A model that scores how well a text answers a question. */
export interface RerankModel {
  readonly kind: 'rerank';
  /** Name that clients use, and folder of the model. */
  readonly name: string;
  /** Longest pair of texts that it reads, in tokens. */
  readonly maxTokens: number;
  /** Number of weights. @default - unknown: its memory is not checked */
  readonly parameters?: number;
}

/** A model that writes text: a decoder whose keys and values are cached while it writes. */
export interface LanguageModel {
  readonly kind: 'language';
  /** Name that clients use, and folder of the model. */
  readonly name: string;
  /** Longest conversation that it was trained for, in tokens. */
  readonly maxTokens: number;
  /** Number of weights, embeddings included. */
  readonly parameters: number;
  /** Layers with attention (`num_hidden_layers`). */
  readonly layers: number;
  /** Heads whose keys and values are cached in each layer (`num_key_value_heads`). */
  readonly keyValueHeads: number;
  /** Numbers in one key or value (`head_dim`, or hidden size by heads). */
  readonly headDimension: number;
}

/** Any other model: a classifier, a vision model, an ensemble of Triton. */
export interface OtherModel {
  readonly kind: 'other';
  /** Name that clients use, and folder of the model. */
  readonly name: string;
  /** Number of weights. @default - unknown: its memory is not checked */
  readonly parameters?: number;
}

/** A model and what is fixed about it. */
export type Model = EmbeddingModel | RerankModel | LanguageModel | OtherModel;

/** How vectors are compared. */
export type Distance = 'cosine' | 'dot' | 'euclidean';

/** A collection of vectors in a vector database. */
export interface VectorCollection {
  readonly name: string;
  /** Length of the vectors that it holds. */
  readonly dimension: number;
  /** @default 'cosine' */
  readonly distance?: Distance;
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
