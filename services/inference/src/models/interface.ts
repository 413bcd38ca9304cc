import type { TensorDescription } from '../protocol/tensor-description.ts';
import type { Model } from './model.ts';

/** The input that takes texts; the others take tokens in its place. */
export const TEXT = 'text';
/** The second text of each pair, for a classifier. */
export const TEXT_PAIR = 'text_pair';

/** What a model takes: texts, or tokens with mask and types, or tensors of its own. */
export function describeInputs(model: Model): TensorDescription[] {
  if (model.task === 'tensors') return [...model.inputs];
  const { ids, mask, types } = model.interface;
  const texts = model.task === 'classifier' ? [TEXT, TEXT_PAIR] : [TEXT];
  const tokens = types === undefined ? [ids, mask] : [ids, mask, types];
  return [
    ...texts.map((name) => ({ name, datatype: 'BYTES' as const, shape: [-1] })),
    ...tokens.map((name) => ({ name, datatype: 'INT64' as const, shape: [-1, -1] })),
  ];
}

/** What a model gives. */
export function describeOutputs({ outputs }: Model): TensorDescription[] {
  return [...outputs];
}
