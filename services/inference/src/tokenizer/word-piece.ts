export interface WordPieceOptions {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly unknownId: number;
  /** What a piece that continues a word starts with, `##` in BERT. */
  readonly prefix: string;
  /** A word of more characters is unknown as a whole. */
  readonly maxWordLength: number;
}

/** Words that are remembered; natural text repeats itself, and looking a word up beats cutting it again. */
const CACHED_WORDS = 20_000;
const LONGEST_CACHED_WORD = 24;

/** WordPiece: the longest piece of the vocabulary first, then the longest that continues it, to the end of the word. */
export class WordPiece {
  readonly #options: WordPieceOptions;
  readonly #cache = new Map<string, readonly number[]>();

  constructor(options: WordPieceOptions) {
    this.#options = options;
  }

  /** The ids of one word. */
  ids(word: string): readonly number[] {
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    const ids = this.#cut(word);
    if (word.length <= LONGEST_CACHED_WORD) {
      if (this.#cache.size >= CACHED_WORDS) this.#cache.clear();
      this.#cache.set(word, ids);
    }
    return ids;
  }

  #cut(word: string): readonly number[] {
    const { vocabulary, unknownId, prefix, maxWordLength } = this.#options;
    // A character has at most two code units, so only words in between need counting.
    if (word.length > maxWordLength * 2 || (word.length > maxWordLength && Array.from(word).length > maxWordLength)) {
      return [unknownId];
    }
    const ids: number[] = [];
    for (let start = 0; start < word.length; ) {
      let end = word.length;
      let id: number | undefined;
      for (; end > start; end--) {
        const piece = word.slice(start, end);
        id = vocabulary.get(start === 0 ? piece : prefix + piece);
        if (id !== undefined) break;
      }
      if (id === undefined) return [unknownId];
      ids.push(id);
      start = end;
    }
    return ids;
  }
}
