import type { ModelInterface } from '../engine/batch.ts';
import type { Provider, SessionSpec } from '../engine/protocol.ts';
import type { TextDescription } from '../import/description.ts';
import type { TensorDescription } from '../protocol/tensor-description.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

interface ModelBase {
  readonly name: string;
  readonly version: string;
  /** Names its sessions and its queue; two loads of one version differ in it. */
  readonly key: string;
  /** @see SessionSpec.file */
  readonly file?: string;
  /** @see SessionSpec.graph */
  readonly graph: Uint8Array;
  readonly folder: string;
  /** What OpenAI-like addresses and the log call it. */
  readonly format: 'safetensors' | 'onnx';
  readonly outputs: readonly TensorDescription[];
}

/** A model that reads texts: an encoder gives vectors, a classifier gives scores of a text or a pair. */
export interface TextModel extends ModelBase {
  readonly task: 'encoder' | 'classifier';
  readonly description: TextDescription;
  readonly tokenizer: Tokenizer;
  readonly interface: ModelInterface;
}

/** A model with tensors of its own. */
export interface TensorModel extends ModelBase {
  readonly task: 'tensors';
  readonly inputs: readonly TensorDescription[];
  /** Most rows that are computed together; 0 computes each request by itself. */
  readonly maxBatchRows: number;
}

/** A model as it was read from its folder. */
export type Model = TextModel | TensorModel;

export function sessionSpec(model: Model, threads: number, provider: Provider): SessionSpec {
  const { key, graph, folder, file } = model;
  return { key, graph, folder, threads, provider, ...(file !== undefined && { file }) };
}
