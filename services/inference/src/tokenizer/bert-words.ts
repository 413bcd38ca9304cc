import { ACCENT, ASCII_WORDS, IDEOGRAPH, REMOVED, SPACE, UNDECOMPOSED, WORDS } from './unicode.ts';

export interface BertWordsOptions {
  readonly lowercase: boolean;
  readonly stripAccents: boolean;
}

const PRINTABLE_ASCII = /^[!-~]*$/;

/**
 * Cuts a text into the words that BERT's normaliser and pre-tokeniser give, one after the other, so that a text longer
 * than the model's window costs no more than the window.
 *
 * Normalising piece by piece gives what normalising the whole gives: pieces end at separators and ideographs, across
 * which no canonical reordering happens.
 */
export function* bertWords(text: string, options: BertWordsOptions): Generator<string> {
  const pieces = new RegExp(`[${IDEOGRAPH}]|[^${SPACE}${IDEOGRAPH}]+`, 'gu');
  for (let match = pieces.exec(text); match !== null; match = pieces.exec(text)) {
    const piece = match[0];
    if (PRINTABLE_ASCII.test(piece)) {
      yield* words(options.lowercase ? piece.toLowerCase() : piece, ASCII_WORDS);
    } else {
      yield* words(normalize(piece, options), WORDS);
    }
  }
}

function* words(text: string, pattern: RegExp): Generator<string> {
  for (const match of text.match(pattern) ?? []) yield match;
}

function normalize(piece: string, { lowercase, stripAccents }: BertWordsOptions): string {
  const clean = piece.replace(REMOVED, '');
  const stripped = stripAccents ? decompose(clean).replace(ACCENT, '') : clean;
  return lowercase ? lowerEach(stripped) : stripped;
}

function decompose(text: string): string {
  if (!UNDECOMPOSED.test(text)) return text.normalize('NFD');
  return text
    .split(UNDECOMPOSED)
    .map((part, index) => (index % 2 === 0 ? part.normalize('NFD') : part))
    .join('');
}

/** Each character by itself: the whole text would turn a sigma at the end of a word into its final form. */
function lowerEach(text: string): string {
  return text.includes('Σ') ? Array.from(text, (character) => character.toLowerCase()).join('') : text.toLowerCase();
}
