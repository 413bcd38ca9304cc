import type { EmbeddingModel, LanguageModel, RerankModel } from './models.ts';

/*
 * What is fixed about models that the platforms know. Dimension, sequence length, layers and heads as the `config.json` of each
 * repository states them; parameters as its model card does (huggingface.co, 2026-11).
 */

/** MiniLM with six layers, in safetensors form (sentence-transformers/all-MiniLM-L6-v2). */
export const allMiniLmL6V2: EmbeddingModel = {
  kind: 'embedding',
  name: 'all-minilm-l6-v2',
  dimension: 384,
  maxTokens: 256,
  parameters: 22_713_216,
};

/** BGE M3: many languages, long texts (BAAI/bge-m3). */
export const bgeM3: EmbeddingModel = {
  kind: 'embedding',
  name: 'bge-m3',
  dimension: 1024,
  maxTokens: 8192,
  parameters: 568_000_000,
};

/** The reranker that goes with BGE M3 (BAAI/bge-reranker-v2-m3). */
export const bgeRerankerV2M3: RerankModel = {
  kind: 'rerank',
  name: 'bge-reranker-v2-m3',
  maxTokens: 8192,
  parameters: 568_000_000,
};

/** Llama 3.1 with 8 billion weights (meta-llama/Llama-3.1-8B-Instruct). */
export const llama31With8B: LanguageModel = {
  kind: 'language',
  name: 'llama-3.1-8b-instruct',
  maxTokens: 131_072,
  parameters: 8_030_261_248,
  layers: 32,
  keyValueHeads: 8,
  headDimension: 128,
};

/** Llama 3.1 with 70 billion weights (meta-llama/Llama-3.1-70B-Instruct). */
export const llama31With70B: LanguageModel = {
  kind: 'language',
  name: 'llama-3.1-70b-instruct',
  maxTokens: 131_072,
  parameters: 70_553_706_496,
  layers: 80,
  keyValueHeads: 8,
  headDimension: 128,
};

/** Qwen 2.5 with 7 billion weights (Qwen/Qwen2.5-7B-Instruct). */
export const qwen25With7B: LanguageModel = {
  kind: 'language',
  name: 'qwen2.5-7b-instruct',
  maxTokens: 32_768,
  parameters: 7_615_616_512,
  layers: 28,
  keyValueHeads: 4,
  headDimension: 128,
};

/** Llama 3.2 with 3 billion weights: small enough for a CPU (meta-llama/Llama-3.2-3B-Instruct). */
export const llama32With3B: LanguageModel = {
  kind: 'language',
  name: 'llama-3.2-3b-instruct',
  maxTokens: 131_072,
  parameters: 3_212_749_824,
  layers: 28,
  keyValueHeads: 8,
  headDimension: 128,
};
