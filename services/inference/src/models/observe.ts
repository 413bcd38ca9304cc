import type { EngineTensor } from '../engine/tensor.ts';
import { WorkerThread } from '../engine/worker-thread.ts';
import {
  ATTENTION_MASK,
  type BertWeights,
  buildObservedGraph,
  INPUT_IDS,
  largestOf,
  TOKEN_TYPE_IDS,
} from '../import/bert.ts';
import type { BertDescription } from '../import/description.ts';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

/** Rows and tokens of the batch that is looked at, beside an empty text. */
const ROWS = 8;
const TOKENS = 24;
const KEY = 'observed';

/**
 * Computes tokens from all over the vocabulary in 32 bits and looks how large the numbers behind each normalisation
 * get, column by column. A thread of its own does it, which ends with it.
 *
 * @param paths of the normalisations
 */
export async function observeLargest(
  description: BertDescription,
  weights: BertWeights,
  tokenizer: Tokenizer,
  folder: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const thread = new WorkerThread();
  try {
    const graph = buildObservedGraph(description, weights);
    await thread.load({ key: KEY, graph, folder, threads: 1 });
    const largest = new Map<string, Float32Array>();
    // An empty text has nothing but special tokens, whose numbers are often the largest.
    const empty = tokenizer.encode('', description.window);
    for (const rows of [[empty], spread(description, empty)]) {
      const { outputs } = await thread.run({
        key: KEY,
        feeds: feeds(description, rows),
        fetches: paths.map(largestOf),
      });
      for (const path of paths) {
        const output = outputs[largestOf(path)];
        if (output?.type !== 'float32') throw new Error(`the observed graph has no output for "${path}"`);
        const before = largest.get(path);
        largest.set(
          path,
          output.data.map((value, at) => Math.max(value, before?.[at] ?? 0)),
        );
      }
    }
    return largest;
  } finally {
    await thread.close();
  }
}

/** Tokens at even distances in the vocabulary, between the special ones of an empty text. */
function spread({ vocabularySize }: BertDescription, empty: Int32Array): Int32Array[] {
  const step = Math.max(1, Math.floor(vocabularySize / (ROWS * TOKENS)));
  const [first = 0] = empty;
  const last = empty.at(-1) ?? 0;
  return Array.from({ length: ROWS }, (_, row) =>
    Int32Array.from([
      first,
      ...Array.from({ length: TOKENS }, (_, at) => ((row * TOKENS + at) * step) % vocabularySize),
      last,
    ]),
  );
}

function feeds({ typeVocabularySize }: BertDescription, rows: readonly Int32Array[]): Record<string, EngineTensor> {
  const dims = [rows.length, rows[0]?.length ?? 0];
  const tensor = (value: (id: number) => number): EngineTensor => ({
    type: 'int32',
    data: Int32Array.from(rows.flatMap((row) => Array.from(row, value))),
    dims,
  });
  return {
    [INPUT_IDS]: tensor((id) => id),
    [ATTENTION_MASK]: tensor(() => 1),
    ...(typeVocabularySize > 1 && { [TOKEN_TYPE_IDS]: tensor(() => 0) }),
  };
}
