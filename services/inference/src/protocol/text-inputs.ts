import { ApiError } from '../errors/api-error.ts';
import { checkTokens } from '../http/inputs.ts';
import type { Input } from '../models/compute.ts';
import { describeInputs, TEXT, TEXT_PAIR } from '../models/interface.ts';
import type { TextModel } from '../models/model.ts';
import type { RequestTensor } from './request-tensor.ts';

const TEXTS: readonly string[] = [TEXT, TEXT_PAIR];

/**
 * The rows of an inference request: texts, pairs of them, or tokens.
 *
 * @param keepPadding whether masked tokens at the end are computed too, which only matters to outputs per token
 */
export function readInputs(model: TextModel, tensors: readonly RequestTensor[], keepPadding: boolean): Input[] {
  const byName = new Map<string, RequestTensor>();
  for (const tensor of tensors) {
    checkTensor(model, tensor);
    byName.set(tensor.name, tensor);
  }
  const { ids, mask } = model.interface;
  const text = byName.get(TEXT);
  const tokens = byName.get(ids);
  if ((text === undefined) === (tokens === undefined)) {
    throw new ApiError('invalid_request', `inputs has ${text ? 'both' : 'neither'} "${TEXT}" and "${ids}"`, {
      path: 'inputs',
      cure: `Send either "${TEXT}", or "${ids}" with "${mask}".`,
    });
  }
  if (text !== undefined) return readTexts(text, byName.get(TEXT_PAIR));
  return tokens === undefined ? [] : readTokens(model, tokens, byName, keepPadding);
}

function checkTensor(model: TextModel, { name, datatype, path }: RequestTensor): void {
  const names = describeInputs(model).map((input) => input.name);
  if (!names.includes(name)) {
    throw new ApiError('invalid_request', `${path}.name is not an input of this model`, {
      path: `${path}.name`,
      cure: `Send one of ${names.join(', ')}.`,
    });
  }
  const allowed = TEXTS.includes(name) ? ['BYTES'] : ['INT64', 'INT32'];
  if (!allowed.includes(datatype)) {
    throw new ApiError('invalid_request', `${path}.datatype does not fit "${name}"`, {
      path: `${path}.datatype`,
      cure: `Send it as ${allowed.join(' or ')}.`,
    });
  }
}

function readTexts(tensor: RequestTensor, second: RequestTensor | undefined): Input[] {
  const [rows, columns = 1] = tensor.shape;
  if (rows === undefined || rows === 0 || tensor.shape.length > 2 || columns !== 1) {
    throw wrongShape(tensor, '[n] or [n, 1], with n above 0');
  }
  const texts = tensor.texts();
  if (second === undefined) return [...texts];
  if (second.shape.join() !== tensor.shape.join()) throw wrongShape(second, `[${tensor.shape}], as "${TEXT}" is`);
  const pairs = second.texts();
  return texts.map((text, row) => ({ text, pair: pairs[row] ?? '' }));
}

function readTokens(
  model: TextModel,
  tokens: RequestTensor,
  byName: ReadonlyMap<string, RequestTensor>,
  keepPadding: boolean,
): Input[] {
  const { shape } = tokens;
  const [rows = 0, length = 0] = shape;
  if (shape.length !== 2 || rows === 0 || length === 0) throw wrongShape(tokens, '[n, length], both above 0');
  const read = (name: string | undefined, most: number): ArrayLike<number> | undefined => {
    const tensor = name === undefined ? undefined : byName.get(name);
    if (tensor === undefined) return undefined;
    if (tensor.shape.join() !== shape.join()) throw wrongShape(tensor, `[${shape}], as "${tokens.name}" is`);
    const values = tensor.integers();
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? 0;
      if (value >= 0 && value <= most) continue;
      const at = `${tensor.path}.data[${index}]`;
      throw new ApiError('invalid_request', `${at} is ${value}`, { path: at, cure: `Send numbers from 0 to ${most}.` });
    }
    return values;
  };
  const { interface: names, description } = model;
  const ids = tokens.integers();
  const mask = read(names.mask, 1);
  const types = read(names.types, description.typeVocabularySize - 1);
  return Array.from({ length: rows }, (_, row) => {
    const start = row * length;
    const used = keepPadding ? length : usedLength(mask, start, length);
    const cut = (values: ArrayLike<number>): Int32Array => {
      const part = new Int32Array(used);
      for (let at = 0; at < used; at++) part[at] = values[start + at] ?? 0;
      return part;
    };
    return {
      ids: checkTokens(model, cut(ids), `${tokens.path}.data`),
      ...(mask !== undefined && { mask: cut(mask) }),
      ...(types !== undefined && { types: cut(types) }),
    };
  });
}

/** Padding at the end takes part in nothing, so it need not be computed. */
function usedLength(mask: ArrayLike<number> | undefined, start: number, length: number): number {
  if (mask === undefined) return length;
  let used = length;
  while (used > 1 && mask[start + used - 1] === 0) used -= 1;
  return used;
}

function wrongShape({ name, shape, path }: RequestTensor, expected: string): ApiError {
  return new ApiError('invalid_request', `${path}.shape is [${shape}], which does not fit "${name}"`, {
    path: `${path}.shape`,
    cure: `Send the shape ${expected}.`,
  });
}
