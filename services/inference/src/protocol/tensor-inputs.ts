import type { EngineTensor } from '../engine/tensor.ts';
import type { TensorInput } from '../engine/tensor-batch.ts';
import { ApiError } from '../errors/api-error.ts';
import type { TensorModel } from '../models/model.ts';
import type { RequestTensor } from './request-tensor.ts';

/**
 * The inputs of a model with tensors of its own, each as the model declares it.
 *
 * @throws ApiError when one is missing, unknown, or of another datatype or shape
 */
export function readTensors(model: TensorModel, tensors: readonly RequestTensor[]): TensorInput {
  const feeds: Record<string, EngineTensor> = {};
  const names = model.inputs.map(({ name }) => name);
  for (const tensor of tensors) {
    const declared = model.inputs.find(({ name }) => name === tensor.name);
    if (declared === undefined) {
      throw new ApiError('invalid_request', `${tensor.path}.name is not an input of "${model.name}"`, {
        path: `${tensor.path}.name`,
        cure: `Send ${names.join(', ')}.`,
      });
    }
    const { datatype, shape } = declared;
    if (tensor.datatype !== datatype) {
      throw new ApiError('invalid_request', `${tensor.path}.datatype does not fit "${tensor.name}"`, {
        path: `${tensor.path}.datatype`,
        cure: `Send it as ${datatype}.`,
      });
    }
    const fits =
      shape.length === tensor.shape.length && shape.every((size, axis) => size === -1 || size === tensor.shape[axis]);
    if (!fits) {
      throw new ApiError(
        'invalid_request',
        `${tensor.path}.shape is [${tensor.shape}], which does not fit "${tensor.name}"`,
        {
          path: `${tensor.path}.shape`,
          cure: `Send the shape [${shape}], with any size for -1.`,
        },
      );
    }
    feeds[tensor.name] = tensor.tensor(datatype);
  }
  const missing = names.find((name) => feeds[name] === undefined);
  if (missing !== undefined) {
    throw new ApiError('invalid_request', `inputs lacks "${missing}"`, {
      path: 'inputs',
      cure: `Send ${names.join(', ')}.`,
    });
  }
  return { feeds, rows: rowsOf(model, feeds) };
}

/** Rows that can be joined with those of others: every input has the same number of them. */
function rowsOf({ maxBatchRows }: TensorModel, feeds: Readonly<Record<string, EngineTensor>>): number {
  if (maxBatchRows === 0) return 0;
  const counts = new Set(Object.values(feeds).map(({ dims: [rows = 0] }) => rows));
  const [rows = 0] = counts;
  return counts.size === 1 ? rows : 0;
}
