import { join } from 'node:path';
import {
  ATTENTION_MASK,
  buildBertGraph,
  INPUT_IDS,
  SENTENCE_EMBEDDING,
  TOKEN_EMBEDDINGS,
  TOKEN_TYPE_IDS,
} from '../import/bert.ts';
import { readEncoderDescription } from '../import/description.ts';
import { readSafetensorsIndex } from '../import/safetensors.ts';
import { loadTokenizer } from '../tokenizer/load.ts';
import type { Model } from './model.ts';
import type { ModelFolder } from './repository.ts';

const WEIGHTS = 'model.safetensors';

/**
 * Reads a sentence encoder from its folder and imports it: description, tokenizer, and the ONNX graph that points into
 * the weights.
 *
 * @throws Error with the file, what is wrong with it, and the cure
 */
export async function readModel({ name, version, path }: ModelFolder): Promise<Model> {
  const description = await readEncoderDescription(path);
  const weights = await readSafetensorsIndex(join(path, WEIGHTS));
  return {
    name,
    version,
    description,
    tokenizer: await loadTokenizer(join(path, 'tokenizer.json')),
    graph: buildBertGraph(description, weights, WEIGHTS),
    folder: path,
    interface: {
      ids: INPUT_IDS,
      mask: ATTENTION_MASK,
      types: TOKEN_TYPE_IDS,
      perToken: new Set([TOKEN_EMBEDDINGS]),
    },
  };
}

/** The outputs of a sentence encoder, in the order in which they are described. */
export const ENCODER_OUTPUTS = [SENTENCE_EMBEDDING, TOKEN_EMBEDDINGS] as const;
