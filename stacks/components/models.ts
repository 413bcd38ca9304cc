import { allMiniLmL6V2, type EmbeddingModel, llama32With3B, type Model, qwen25With7B } from '../../constructs/index.ts';
import type { ModelName } from '../platforms/platform.ts';

/** Models that platforms name. */
export const models: Readonly<Record<ModelName, Model>> = {
  'all-minilm-l6-v2': allMiniLmL6V2,
  'qwen2.5-7b-instruct': qwen25With7B,
  'llama-3.2-3b-instruct': llama32With3B,
};

/**
 * The model, which has to make vectors.
 *
 * @throws Error where it makes none
 */
export function embedding(name: ModelName): EmbeddingModel {
  const model = models[name];
  if (model.kind === 'embedding') return model;
  throw new Error(`"${name}" makes no vectors: use a model of the kind "embedding"`);
}
