import { type BertWordsOptions, bertWords } from './bert-words.ts';
import type { WordPiece } from './word-piece.ts';

/** A token that is matched in the text as it stands, before any normalisation, such as `[SEP]`. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Takes the white space before it along. */
  readonly lstrip: boolean;
  /** Takes the white space behind it along. */
  readonly rstrip: boolean;
}

export interface TokenizerParts {
  readonly words: BertWordsOptions;
  readonly pieces: WordPiece;
  readonly added: readonly AddedToken[];
  /** Ids in front of every text, such as `[CLS]`. */
  readonly before: readonly number[];
  /** Ids behind every text, such as `[SEP]`. */
  readonly after: readonly number[];
}

/** Turns texts into token ids, exactly as the reference implementation does. */
export class Tokenizer {
  readonly #parts: TokenizerParts;
  readonly #addedIds: ReadonlyMap<string, number>;
  readonly #addedPattern: string | undefined;

  constructor(parts: TokenizerParts) {
    this.#parts = parts;
    this.#addedIds = new Map(parts.added.map(({ content, id }) => [content, id]));
    // Longest first: where two tokens start at one place, the longer one is meant.
    const longestFirst = parts.added.toSorted((a, b) => b.content.length - a.content.length);
    this.#addedPattern = longestFirst.length === 0 ? undefined : `(?:${longestFirst.map(alternative).join('|')})`;
  }

  /**
   * @param window most ids to give, those in front and behind included; the text is cut, they never are
   */
  encode(text: string, window: number): Int32Array {
    const { before, after } = this.#parts;
    const room = Math.max(0, window - before.length - after.length);
    const ids: number[] = [];
    for (const some of this.#ids(text.toWellFormed())) {
      for (const id of some) ids.push(id);
      if (ids.length >= room) break;
    }
    return Int32Array.from([...before, ...ids.slice(0, room), ...after]);
  }

  *#ids(text: string): Generator<readonly number[]> {
    let from = 0;
    if (this.#addedPattern !== undefined) {
      const pattern = new RegExp(this.#addedPattern, 'gu');
      for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
        yield* this.#plain(text.slice(from, match.index));
        const id = this.#addedIds.get(match[0]) ?? this.#addedIds.get(match[0].trim());
        if (id !== undefined) yield [id];
        from = pattern.lastIndex;
      }
    }
    yield* this.#plain(from === 0 ? text : text.slice(from));
  }

  *#plain(text: string): Generator<readonly number[]> {
    for (const word of bertWords(text, this.#parts.words)) yield this.#parts.pieces.ids(word);
  }
}

function alternative({ content, lstrip, rstrip }: AddedToken): string {
  return `${lstrip ? '\\s*' : ''}${content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}${rstrip ? '\\s*' : ''}`;
}
