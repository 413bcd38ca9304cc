import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RowInput, RowOutputs } from '../engine/row.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import { type Model, modelKey } from './model.ts';

/** A text, or tokens that somebody else made of one. */
export type Input = string | RowInput;

export interface Computed {
  /** The tokens that were computed, in the order of the inputs. */
  readonly rows: readonly RowInput[];
  readonly results: readonly RowOutputs[];
  /** Tokens that were computed, without padding. */
  readonly tokens: number;
}

/** Longest time that tokenising may keep the HTTP thread from answering others. */
const SLICE_MS = 4;

/** Tokenises the texts among the inputs and has all of them computed. */
export async function compute(
  scheduler: Scheduler,
  model: Model,
  inputs: readonly Input[],
  outputs: readonly string[],
  signal: AbortSignal,
): Promise<Computed> {
  const rows: RowInput[] = [];
  let tokens = 0;
  let sliceEnd = performance.now() + SLICE_MS;
  for (const input of inputs) {
    const row = typeof input === 'string' ? { ids: model.tokenizer.encode(input, model.description.window) } : input;
    tokens += row.ids.length;
    rows.push(row);
    if (performance.now() > sliceEnd) {
      await nextTurn();
      signal.throwIfAborted();
      sliceEnd = performance.now() + SLICE_MS;
    }
  }
  const results = await scheduler.submit({ key: modelKey(model), model: model.interface, rows, outputs, signal });
  return { rows, results, tokens };
}
