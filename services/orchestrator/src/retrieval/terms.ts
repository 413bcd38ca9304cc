import type { QueryWord } from '../ports/document-store.ts';

/** Words that carry no topic; the remainder of a question is what it is about. */
const STOP = new Set(
  (
    'a an and any are as at be been being by can could did do does doing for from get had has have how i if in into is it its ' +
    'me my need no not of on or our please shall should so some than that the their them then there these they this those to ' +
    'us use used using was we were what when where which who why will with would you your'
  ).split(' '),
);

/** The topical words of a text, lower case and reduced to their stems. */
export function terms(text: string): string[] {
  return words(text)
    .filter((word) => !STOP.has(word))
    .map(stem);
}

/** The topical words of a question, and its neighbouring words joined: who asks to "roll back" means "rollback" too. */
export function queryTerms(query: string): {
  readonly single: ReadonlySet<string>;
  readonly joined: ReadonlyMap<string, readonly string[]>;
} {
  const all = words(query);
  const joined = new Map<string, readonly string[]>();
  for (const [at, word] of all.entries()) {
    const next = all[at + 1];
    if (next !== undefined && !STOP.has(word) && !STOP.has(next))
      joined.set(stem(word + next), [stem(word), stem(next)]);
  }
  return { single: new Set(all.filter((word) => !STOP.has(word)).map(stem)), joined };
}

/** The words of a question for the full-text search. */
export function queryWords(query: string): QueryWord[] {
  const all = words(query).slice(0, 64);
  const compound = (a: string | undefined, b: string | undefined) =>
    a === undefined || b === undefined || STOP.has(a) || STOP.has(b) ? '' : a + b;
  return all
    .map((word, at) => ({ word, before: compound(all[at - 1], word), after: compound(word, all[at + 1]) }))
    .filter(({ word }) => !STOP.has(word));
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A light stem: enough that "restoring" and "restore", "backups" and "backup" meet. */
export function stem(word: string): string {
  if (word.length <= 3) return word;
  let base = word.replace(/(?<=..)(?:ies)$/, 'y').replace(/(?<=[^s])s$/, '');
  base = base.replace(/(?<=...)(?:ing|ed|er)$/, '');
  base = base.replace(/([b-df-hj-np-tv-z])\1$/, '$1');
  return base.length > 3 ? base.replace(/e$/, '') : base;
}
