import { excerpt } from './excerpt.ts';
import { isGrounded } from './grounding.ts';
import type { Found, Retriever } from './retriever.ts';

/** Where an answer comes from. The number of its marker is its place in the list, from 1. */
export interface Citation {
  readonly document: string;
  readonly source: string;
  readonly heading: string;
  /** The whole passage. */
  readonly passage: string;
  readonly score: number;
  readonly position: number;
}

export type AnswerMode = 'extractive' | 'generated' | 'none';

export interface Answer {
  readonly answer: string;
  readonly mode: AnswerMode;
  readonly grounded: boolean;
  readonly citations: Citation[];
}

/** The words of the answer to a question that no document covers. */
export const NOT_COVERED =
  'No stored document covers this question. Ask it in other words, or store a document that answers it.';

/** The passages that an answer may be made of: those that are about the question, and not far behind the best. */
export async function relevant(
  retriever: Retriever,
  query: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Found[]> {
  const found = await retriever.search(query, Math.max(limit, 8), signal);
  const grounded = found.filter((item) => isGrounded(item));
  const best = grounded[0]?.rank ?? 0;
  return grounded.filter((item) => item.rank >= best * 0.8).slice(0, limit);
}

/** The answer from the passages themselves: quoted, shortened to the part that answers, and said to be so. */
export function extractive(query: string, found: readonly Found[]): Answer {
  const [best] = found;
  if (!best) return none();
  const lines = found.slice(0, 2).map((item, at) => {
    const where = [item.passage.title, item.passage.heading].filter((part) => part !== '').join(' > ');
    return `${where} [${at + 1}]:\n${excerpt(query, item.passage.text)}`;
  });
  const note = 'Quoted from the stored documents (extractive: no language model took part).';
  return {
    answer: `${lines.join('\n\n')}\n\n${note}`,
    mode: 'extractive',
    grounded: true,
    citations: found.map(citation),
  };
}

export function none(): Answer {
  return { answer: NOT_COVERED, mode: 'none', grounded: false, citations: [] };
}

export function citation({ passage, score }: Found): Citation {
  return {
    document: passage.document,
    source: passage.source,
    heading: passage.heading,
    passage: passage.text,
    score: Math.round(score * 1e4) / 1e4,
    position: passage.position,
  };
}
