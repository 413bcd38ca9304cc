import { ApiError } from '../errors/api-error.ts';
import type { Model, TextModel } from '../models/model.ts';

/** Most inputs of one request, as OpenAI limits it. */
export const MOST_INPUTS = 2048;

/** Refuses a request with too many inputs. */
export function checkCount(count: number, path: string): void {
  if (count <= MOST_INPUTS) return;
  throw new ApiError('invalid_request', `${path} has ${count} rows, more than ${MOST_INPUTS}`, {
    path,
    cure: `Send at most ${MOST_INPUTS} in one request.`,
  });
}

/**
 * Token ids as the model takes them. They are used as they are, so special tokens have to be among them; more than the
 * model has positions for cannot be computed, and cutting them would drop the last special token.
 */
export function checkTokens(model: TextModel, ids: ArrayLike<number>, path: string): Int32Array {
  const { vocabularySize, maxPositions } = model.description;
  if (ids.length > maxPositions) {
    throw new ApiError(
      'invalid_request',
      `${path} has ${ids.length} tokens, but "${model.name}" takes ${maxPositions}`,
      {
        path,
        cure: `Send at most ${maxPositions} tokens, or a text, which is cut to the model's window.`,
      },
    );
  }
  const tokens = new Int32Array(ids.length);
  for (let index = 0; index < ids.length; index++) {
    const id = ids[index] ?? -1;
    if (id < 0 || id >= vocabularySize) {
      throw new ApiError('invalid_request', `${path}[${index}] is ${id}, which is no token of "${model.name}"`, {
        path: `${path}[${index}]`,
        cure: `Send token ids from 0 to ${vocabularySize - 1}.`,
      });
    }
    tokens[index] = id;
  }
  return tokens;
}

/**
 * The model, when it is an encoder.
 *
 * @throws ApiError when it gives no vectors
 */
export function requireEncoder(model: Model): TextModel {
  if (model.task === 'encoder') return model;
  throw new ApiError('invalid_request', `"${model.name}" gives no vectors of texts`, {
    path: 'model',
    cure:
      model.task === 'classifier'
        ? 'Ask it at /v1/rerank, or name an encoder.'
        : `Ask it at /v2/models/${model.name}/infer, or name an encoder.`,
  });
}
