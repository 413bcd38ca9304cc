import type { Static } from 'typebox';
import { ApiError } from '../errors/api-error.ts';
import { ATTENTION_MASK, INPUT_IDS, TOKEN_TYPE_IDS } from '../import/bert.ts';
import type { Input } from '../models/compute.ts';
import { describeInputs, TEXT } from '../models/interface.ts';
import type { Model } from '../models/model.ts';
import { checkTokens } from './inputs.ts';
import { integers, type RequestTensor, texts } from './tensors.ts';

type Tensor = Static<typeof RequestTensor>;

const DATATYPES: Readonly<Record<string, readonly string[]>> = {
  [TEXT]: ['BYTES'],
  [INPUT_IDS]: ['INT64', 'INT32'],
  [ATTENTION_MASK]: ['INT64', 'INT32'],
  [TOKEN_TYPE_IDS]: ['INT64', 'INT32'],
};

/**
 * The rows of an inference request: texts, or tokens.
 *
 * @param keepPadding whether masked tokens at the end are computed too, which only matters to outputs per token
 */
export function readInputs(model: Model, tensors: readonly Tensor[], keepPadding: boolean): Input[] {
  const byName = new Map<string, { tensor: Tensor; path: string }>();
  for (const [index, tensor] of tensors.entries()) {
    const path = `inputs[${index}]`;
    checkTensor(tensor, path);
    byName.set(tensor.name, { tensor, path });
  }
  const text = byName.get(TEXT);
  const tokens = byName.get(INPUT_IDS);
  if ((text === undefined) === (tokens === undefined)) {
    throw new ApiError('invalid_request', `inputs has ${text ? 'both' : 'neither'} "${TEXT}" and "${INPUT_IDS}"`, {
      path: 'inputs',
      cure: `Send either "${TEXT}", or "${INPUT_IDS}" with "${ATTENTION_MASK}".`,
    });
  }
  if (text !== undefined) return readTexts(text.tensor, text.path);
  return tokens === undefined ? [] : readTokens(model, tokens, byName, keepPadding);
}

function checkTensor({ name, datatype }: Tensor, path: string): void {
  const allowed = DATATYPES[name];
  if (allowed === undefined) {
    const names = describeInputs().map((input) => input.name);
    throw new ApiError('invalid_request', `${path}.name is not an input of this model`, {
      path: `${path}.name`,
      cure: `Send one of ${names.join(', ')}.`,
    });
  }
  if (!allowed.includes(datatype)) {
    throw new ApiError('invalid_request', `${path}.datatype does not fit "${name}"`, {
      path: `${path}.datatype`,
      cure: `Send it as ${allowed.join(' or ')}.`,
    });
  }
}

function readTexts(tensor: Tensor, path: string): string[] {
  const [rows, columns = 1] = tensor.shape;
  if (rows === undefined || rows === 0 || tensor.shape.length > 2 || columns !== 1) {
    throw wrongShape(tensor, path, '[n] or [n, 1], with n above 0');
  }
  return texts(tensor, path);
}

function readTokens(
  model: Model,
  tokens: { tensor: Tensor; path: string },
  byName: ReadonlyMap<string, { tensor: Tensor; path: string }>,
  keepPadding: boolean,
): Input[] {
  const { shape } = tokens.tensor;
  const [rows = 0, length = 0] = shape;
  if (shape.length !== 2 || rows === 0 || length === 0) {
    throw wrongShape(tokens.tensor, tokens.path, '[n, length], both above 0');
  }
  const read = (name: string, most: number): number[] | undefined => {
    const found = byName.get(name);
    if (found === undefined) return undefined;
    if (found.tensor.shape.join() !== shape.join()) {
      throw wrongShape(found.tensor, found.path, `[${shape}], as "${INPUT_IDS}" is`);
    }
    const values = integers(found.tensor, found.path);
    const wrong = values.findIndex((value) => value < 0 || value > most);
    if (wrong === -1) return values;
    const at = `${found.path}.data[${wrong}]`;
    throw new ApiError('invalid_request', `${at} is ${values[wrong]}`, {
      path: at,
      cure: `Send numbers from 0 to ${most}.`,
    });
  };
  const ids = integers(tokens.tensor, tokens.path);
  const mask = read(ATTENTION_MASK, 1);
  const types = read(TOKEN_TYPE_IDS, model.description.typeVocabularySize - 1);
  return Array.from({ length: rows }, (_, row) => {
    const start = row * length;
    const used = keepPadding ? length : usedLength(mask, start, length);
    const cut = (values: readonly number[]): Int32Array => Int32Array.from(values.slice(start, start + used));
    return {
      ids: checkTokens(model, ids.slice(start, start + used), `${tokens.path}.data`),
      ...(mask !== undefined && { mask: cut(mask) }),
      ...(types !== undefined && { types: cut(types) }),
    };
  });
}

/** Padding at the end takes part in nothing, so it need not be computed. */
function usedLength(mask: readonly number[] | undefined, start: number, length: number): number {
  if (mask === undefined) return length;
  let used = length;
  while (used > 1 && mask[start + used - 1] === 0) used -= 1;
  return used;
}

function wrongShape({ name, shape }: Tensor, path: string, expected: string): ApiError {
  return new ApiError('invalid_request', `${path}.shape is [${shape}], which does not fit "${name}"`, {
    path: `${path}.shape`,
    cure: `Send the shape ${expected}.`,
  });
}
