import { Type } from 'typebox';
import { ApiError } from '../errors/api-error.ts';
import { describe } from './validation.ts';

/** A tensor of a request, as JSON has it. */
export const RequestTensor = Type.Object({
  name: Type.String({ description: 'the name of an input' }),
  shape: Type.Array(Type.Integer({ minimum: 0 }), { description: 'a list of sizes' }),
  datatype: Type.String({ description: 'a datatype such as BYTES or INT64' }),
  parameters: Type.Optional(Type.Object({}, { additionalProperties: true })),
  data: Type.Array(Type.Unknown(), { description: 'a list of values, flat or nested as the shape is' }),
});

interface TensorValue {
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/** The values of a tensor as texts. */
export function texts(tensor: TensorValue, path: string): string[] {
  return flatten(tensor, path).map((value, index) => {
    if (typeof value === 'string') return value;
    throw wrongValue(path, index, value, 'a text');
  });
}

/** The values of a tensor as whole numbers. */
export function integers(tensor: TensorValue, path: string): number[] {
  return flatten(tensor, path).map((value, index) => {
    if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
    throw wrongValue(path, index, value, 'a whole number');
  });
}

/** Data may be flat or nested; either way it has as many values as the shape says. */
function flatten({ shape, data }: TensorValue, path: string): unknown[] {
  const values = data.some(Array.isArray) ? data.flat(shape.length - 1) : [...data];
  const expected = shape.reduce((product, size) => product * size, 1);
  if (values.length === expected) return values;
  throw new ApiError(
    'invalid_request',
    `${path}.data has ${values.length} values, but shape [${shape}] has ${expected}`,
    {
      path: `${path}.data`,
      cure: 'Send as many values as the shape says, flat or nested as the shape is.',
    },
  );
}

function wrongValue(path: string, index: number, value: unknown, expected: string): ApiError {
  const at = `${path}.data[${index}]`;
  return new ApiError('invalid_request', `${at} is ${describe(value)}, not ${expected}`, {
    path: at,
    cure: `Send ${expected} there.`,
  });
}
