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
  /** How two texts are joined. @default - they cannot be */
  readonly pair?: readonly PairStep[];
}

/** A part of two texts that are joined: one of them, or ids between them. */
export type PairStep =
  | { readonly text: 'first' | 'second'; readonly type: number }
  | { readonly ids: readonly number[]; readonly type: number };

/** Two joined texts. */
export interface PairEncoding {
  readonly ids: Int32Array;
  /** Which of the two a token belongs to. */
  readonly types: Int32Array;
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

  /**
   * @param window most ids to give, special ones included; the longer text is cut first
   * @throws Error when the tokenizer has no template for pairs
   */
  encodePair(first: string, second: string, window: number): PairEncoding {
    const steps = this.#parts.pair;
    if (steps === undefined) throw new Error('this tokenizer has no template for pairs of texts');
    const special = steps.reduce((sum, step) => sum + ('ids' in step ? step.ids.length : 0), 0);
    const [a, b] = [this.#all(first), this.#all(second)];
    const [lengthA, lengthB] = cutLongest(a.length, b.length, Math.max(0, window - special));
    const texts = { first: a.slice(0, lengthA), second: b.slice(0, lengthB) };
    const parts = steps.map((step) => ({ ids: 'ids' in step ? step.ids : texts[step.text], type: step.type }));
    return {
      ids: Int32Array.from(parts.flatMap(({ ids }) => ids)),
      types: Int32Array.from(parts.flatMap(({ ids, type }) => ids.map(() => type))),
    };
  }

  #all(text: string): number[] {
    const ids: number[] = [];
    for (const some of this.#ids(text.toWellFormed())) for (const id of some) ids.push(id);
    return ids;
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

/**
 * What is left of two texts in `room` ids: the longer one is cut first, and both to halves where that is not enough,
 * as the reference implementation does (PyPI `tokenizers`, truncation `longest_first`).
 */
function cutLongest(a: number, b: number, room: number): [number, number] {
  if (a + b <= room) return [a, b];
  const short = Math.min(a, b);
  let lengths: [number, number] = [short, short > room ? short : Math.max(short, room - short)];
  if (lengths[0] + lengths[1] > room) {
    const half = Math.floor(room / 2);
    lengths = [half, half + (room % 2)];
  }
  return a > b ? [lengths[1], lengths[0]] : lengths;
}

function alternative({ content, lstrip, rstrip }: AddedToken): string {
  return `${lstrip ? '\\s*' : ''}${content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}${rstrip ? '\\s*' : ''}`;
}
