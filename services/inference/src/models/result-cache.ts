import { LRUCache } from 'lru-cache';
import type { RowInput, RowOutput, RowOutputs } from '../engine/row.ts';

/** Bytes that an entry costs beside its numbers and its key. */
const OVERHEAD = 200;

export interface ResultCacheOptions {
  /** Bytes of keys and results together; 0 keeps nothing. */
  readonly maxBytes: number;
  /** Called for every request with the rows that were found and those that were not. */
  readonly onLookup?: (hits: number, misses: number) => void;
}

/**
 * Remembers what was computed of a sequence of tokens, by model and version, so that a text that comes again costs
 * nothing. The longest unused are forgotten first.
 */
export class ResultCache {
  readonly #entries: LRUCache<string, RowOutputs> | undefined;
  readonly #onLookup: (hits: number, misses: number) => void;

  constructor({ maxBytes, onLookup = () => {} }: ResultCacheOptions) {
    this.#onLookup = onLookup;
    if (maxBytes === 0) return;
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      // One entry may not push out half of the others.
      maxEntrySize: Math.max(1, Math.floor(maxBytes / 2)),
      sizeCalculation: (outputs, key) => OVERHEAD + key.length + sizeOf(outputs),
    });
  }

  /** Bytes that it holds. */
  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }

  /** Results of rows: those that are known, and `compute`d ones in the place of the others. */
  async through(
    model: string,
    outputs: readonly string[],
    rows: readonly RowInput[],
    compute: (missing: readonly RowInput[]) => Promise<readonly RowOutputs[]>,
  ): Promise<readonly RowOutputs[]> {
    const entries = this.#entries;
    if (entries === undefined) return compute(rows);
    const prefix = `${model}\n${outputs.join()}\n`;
    const results: RowOutputs[] = [];
    const missing: { row: RowInput; key: string; indexes: number[] }[] = [];
    const byKey = new Map<string, (typeof missing)[number]>();
    for (const [index, row] of rows.entries()) {
      const key = prefix + keyOf(row);
      const known = entries.get(key);
      const twin = byKey.get(key);
      if (known !== undefined) results[index] = known;
      else if (twin !== undefined) twin.indexes.push(index);
      else {
        const entry = { row, key, indexes: [index] };
        byKey.set(key, entry);
        missing.push(entry);
      }
    }
    const computed = missing.length === 0 ? [] : await compute(missing.map(({ row }) => row));
    for (const [at, { key, indexes }] of missing.entries()) {
      const result = computed[at];
      if (result === undefined) throw new Error('fewer results than rows');
      // A copy: the result is a part of the whole batch's memory, which must not live as long as the entry.
      entries.set(key, copy(result));
      for (const index of indexes) results[index] = result;
    }
    this.#onLookup(rows.length - missing.length, missing.length);
    return results;
  }

  /** Forgets all of a model. */
  forget(model: string): void {
    for (const key of this.#entries?.keys() ?? []) if (key.startsWith(`${model}\n`)) this.#entries?.delete(key);
  }
}

/** All that decides the result, byte by byte. */
function keyOf({ ids, mask, types }: RowInput): string {
  return [ids, mask, types].map((part) => (part === undefined ? '' : `${part.length}:${bytes(part)}`)).join('\n');
}

function bytes({ buffer, byteOffset, byteLength }: Int32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

function sizeOf(outputs: RowOutputs): number {
  return Object.values(outputs).reduce((sum, { data }) => sum + data.byteLength + OVERHEAD, 0);
}

function copy(outputs: RowOutputs): RowOutputs {
  const copies = Object.entries(outputs).map(([name, { data, dims }]): [string, RowOutput] => [
    name,
    { data: data.slice(), dims },
  ]);
  return Object.fromEntries(copies);
}
