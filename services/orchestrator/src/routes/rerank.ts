import { Type } from '@sinclair/typebox';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { CANDIDATES, howMeasured, MethodSchema, measured, stopwatch, Text } from '../schemas/similarity.ts';
import type { Similarity } from '../similarity/engine.ts';
import { checkTier, LARGEST } from '../similarity/tiers.ts';
import { askerOf } from './asker.ts';

/** POST /v1/rerank */
export function rerank(app: App, engine: Similarity): void {
  app.post(
    '/v1/rerank',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['similarity'],
        summary: 'Put documents in the order of their nearness to a query',
        body: Type.Object(
          {
            query: Text,
            documents: Type.Array(Text, CANDIDATES),
            top_n: Type.Optional(
              Type.Integer({ minimum: 1, maximum: LARGEST.candidates, description: 'Default: all documents' }),
            ),
            method: Type.Optional(MethodSchema),
            return_documents: Type.Optional(Type.Boolean({ default: false })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            results: Type.Array(
              Type.Object({
                index: Type.Integer({ description: "The document's place in the request" }),
                relevance_score: Type.Number(),
                document: Type.Optional(Type.Object({ text: Type.String() })),
              }),
              { description: 'The nearest first' },
            ),
            ...measured,
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { query, documents, top_n = documents.length, method = 'cosine', return_documents = false } = request.body;
      const { tenant, tier } = askerOf(request);
      checkTier(tier, { single: { query }, field: 'documents', list: documents });
      const clock = stopwatch();
      const ranked = await engine.ranked(query, documents, method, { tenant, signal: clientSignal(reply) });
      const results = ranked.slice(0, top_n).map(({ index, similarity }) => ({
        index,
        relevance_score: similarity,
        ...(return_documents ? { document: { text: documents[index] ?? '' } } : {}),
      }));
      return { results, ...howMeasured(engine, method, clock()) };
    },
  );
}
