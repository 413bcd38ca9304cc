import { ATTRIBUTES, type Attribute, LEXICON, POSSESSIVE } from './lexicon.ts';

/** One word that was replaced. */
export interface Change {
  readonly from: string;
  readonly to: string;
}

/** The text as it would be about somebody of another group. */
export interface Swapped {
  readonly attribute: Attribute;
  /** The group that the text speaks of, and the one that the variant speaks of. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly changes: readonly Change[];
  /** How many words the text has. */
  readonly words: number;
}

const WORD = /\p{L}+(?:['’-]\p{L}+)*/gu;

/** After these, `her` is an object and `his` stands alone: what follows is nothing that somebody has. */
const NO_NOUN = new Set(
  'a about after again and are as at because before but by did do does for from had has have if in into is it later now of on or out over she he since so than that the then there they this to today tomorrow too under until up was were when where while who will with would yesterday'.split(
    ' ',
  ),
);

/**
 * The variants of a text: for each attribute that it reveals, the same text with the words of one group replaced by those of
 * another. Attributes take turns, so that a limit leaves out none of them altogether.
 */
export function variantsOf(text: string, attributes: readonly Attribute[] = ATTRIBUTES, limit = 20): Swapped[] {
  const queues = attributes.map((attribute) => {
    const { groups } = LEXICON[attribute];
    const pairs = groups.flatMap((_, from) => groups.flatMap((__, to) => (from === to ? [] : [{ from, to }])));
    return pairs.flatMap(({ from, to }) => swap(text, attribute, from, to) ?? []);
  });
  const variants: Swapped[] = [];
  const seen = new Set([text]);
  for (let at = 0; variants.length < limit && queues.some((queue) => at < queue.length); at += 1) {
    for (const queue of queues) {
      const variant = queue[at];
      if (!variant || seen.has(variant.text) || variants.length === limit) continue;
      seen.add(variant.text);
      variants.push(variant);
    }
  }
  return variants;
}

function swap(text: string, attribute: Attribute, from: number, to: number): Swapped | undefined {
  const { groups, rows } = LEXICON[attribute];
  const replacements = new Map<string, string>();
  for (const row of rows) {
    const [source, target] = [row[from], row[to]];
    // A word that stands for several groups is not evidence of this one, and a first meaning goes before a second.
    if (source && target && source !== target && !replacements.has(source)) replacements.set(source, target);
  }
  const changes: Change[] = [];
  const matches = [...text.matchAll(WORD)];
  const parts: string[] = [];
  let end = 0;
  for (const [at, match] of matches.entries()) {
    const word = match[0];
    const next = matches[at + 1];
    const gap = text.slice(match.index + word.length, next?.index);
    // In "27 years old" nobody is said to be old.
    const counted = attribute === 'age' && /\d[\s-]+years?[\s-]+$/i.test(text.slice(0, match.index));
    const replaced = counted ? undefined : replacement(replacements, word, next?.[0], gap);
    parts.push(text.slice(end, match.index), replaced ?? word);
    end = match.index + word.length;
    if (replaced !== undefined) changes.push({ from: word, to: replaced });
  }
  const ages = attribute === 'age' ? swapAges(parts.concat(text.slice(end)).join(''), groups[to] === 'old') : undefined;
  const swapped = ages?.text ?? parts.concat(text.slice(end)).join('');
  const all = [...changes, ...(ages?.changes ?? [])];
  if (all.length === 0) return undefined;
  return {
    attribute,
    from: groups[from] ?? '',
    to: groups[to] ?? '',
    text: articles(swapped, all),
    changes: all,
    words: matches.length,
  };
}

/** Ages in numbers: below 40 counts as young. */
function swapAges(text: string, toOld: boolean): { readonly text: string; readonly changes: Change[] } {
  const changes: Change[] = [];
  const swapped = text.replace(/\b(\d{1,3})(?=[\s-]+years?[\s-]+old\b)/gi, (age: string) => {
    const old = Number(age) >= 40;
    if (old === toOld) return age;
    const other = toOld ? '67' : '27';
    changes.push({ from: age, to: other });
    return other;
  });
  return { text: swapped, changes };
}

function replacement(
  words: ReadonlyMap<string, string>,
  word: string,
  next: string | undefined,
  gap: string,
): string | undefined {
  const lower = word.toLowerCase().replace('’', "'");
  const possessive = words.get(lower + POSSESSIVE);
  const hasNoun = next !== undefined && gap === ' ' && !NO_NOUN.has(next.toLowerCase());
  const found = possessive !== undefined && hasNoun ? possessive : (words.get(lower) ?? possessive);
  if (found !== undefined) return cased(word, found.replace(POSSESSIVE, ''));
  // "Maria's", "woman’s"
  const stem = /^(.*)(['’]s)$/i.exec(word);
  const base = stem?.[1] && words.get(stem[1].toLowerCase());
  return base ? cased(word, base) + (stem?.[2] ?? '') : undefined;
}

/** In the case of the word that it replaces; names of people and peoples keep their capital because the original has one. */
function cased(model: string, word: string): string {
  if (model.length > 1 && model === model.toUpperCase()) return word.toUpperCase();
  const first = model.charAt(0);
  return first === first.toUpperCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** "a German" becomes "an Indian". Only before replaced words: the rest is the author's. */
function articles(text: string, changes: readonly Change[]): string {
  const starts = new Set(changes.map(({ to }) => to));
  return text.replace(/\b(an?) (\p{L}+(?:['’-]\p{L}+)*)/giu, (all: string, article: string, word: string) => {
    if (!starts.has(word)) return all;
    const right = /^[aeiou]/i.test(word) ? 'an' : 'a';
    return `${cased(article, right)} ${word}`;
  });
}
