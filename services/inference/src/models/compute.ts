import type { RowInput, RowOutputs } from '../engine/row.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import type { TextModel } from './model.ts';
import type { ResultCache } from './result-cache.ts';
import { turns } from './turns.ts';

/** Two texts that are read together. */
export interface Pair {
  readonly text: string;
  readonly pair: string;
}

/** A text, a pair of them, or tokens that somebody else made of one. */
export type Input = string | Pair | RowInput;

export interface Computed {
  /** The tokens that were computed, in the order of the inputs. */
  readonly rows: readonly RowInput[];
  readonly results: readonly RowOutputs[];
  /** Tokens of the inputs, without padding. */
  readonly tokens: number;
}

/** What computing needs of the server. */
export interface Computer {
  readonly scheduler: Scheduler;
  readonly cache: ResultCache;
}

/** Tokenises the texts among the inputs, and has all of them computed that are not known already. */
export async function compute(
  { scheduler, cache }: Computer,
  model: TextModel,
  inputs: readonly Input[],
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<Computed> {
  const rows: RowInput[] = [];
  let tokens = 0;
  if (turns.busy) await turns.next();
  for (const input of inputs) {
    if (turns.over) await turns.next();
    signal.throwIfAborted();
    const row = toRow(model, input);
    tokens += row.ids.length;
    rows.push(row);
  }
  const { key } = model;
  const results = await cache.through(key, outputs, rows, (missing) =>
    scheduler.submit({ key, model: model.interface, rows: missing, outputs, signal }),
  );
  return { rows, results, tokens };
}

function toRow({ tokenizer, description: { window } }: TextModel, input: Input): RowInput {
  if (typeof input === 'string') return { ids: tokenizer.encode(input, window) };
  if ('text' in input) return tokenizer.encodePair(input.text, input.pair, window);
  return input;
}
