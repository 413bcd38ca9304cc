import type { ModelInterface } from '../engine/batch.ts';
import type { SessionSpec } from '../engine/protocol.ts';
import type { EncoderDescription } from '../import/description.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** A model as it was read from its folder, before any session of it is open. */
export interface Model {
  readonly name: string;
  readonly version: string;
  readonly description: EncoderDescription;
  readonly tokenizer: Tokenizer;
  readonly interface: ModelInterface;
  readonly graph: Uint8Array;
  readonly folder: string;
}

/** The name that sessions and queues know a model by. */
export function modelKey({ name, version }: { readonly name: string; readonly version: string }): string {
  return `${name}/${version}`;
}

export function sessionSpec(model: Model, threads: number): SessionSpec {
  return { key: modelKey(model), graph: model.graph, folder: model.folder, threads };
}
