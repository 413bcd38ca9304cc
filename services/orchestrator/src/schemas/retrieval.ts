import { Type } from '@sinclair/typebox';

/** The longest question. Longer ones are texts, of which only the start would be embedded. */
export const MAX_QUERY = 4_000;

export const Query = Type.String({
  minLength: 1,
  maxLength: MAX_QUERY,
  pattern: '\\S',
  description: 'A question or some words, in natural language',
});

export const CitationSchema = Type.Object({
  document: Type.String({ description: 'The id of the document' }),
  source: Type.String({ description: 'Where the document came from' }),
  heading: Type.String({ description: 'The headings above the passage, joined by " > "' }),
  passage: Type.String({ description: 'The text of the passage' }),
  score: Type.Number({ minimum: 0, maximum: 1, description: 'Cosine of question and passage' }),
  position: Type.Integer({ minimum: 0, description: 'The place of the passage in its document' }),
});
