import { Type } from '@sinclair/typebox';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { CANDIDATES, howMeasured, MethodSchema, measured, stopwatch, Text } from '../schemas/similarity.ts';
import type { Similarity } from '../similarity/engine.ts';
import { checkTier } from '../similarity/tiers.ts';
import { askerOf } from './asker.ts';

/** POST /v1/batch-similarity */
export function batchSimilarity(app: App, engine: Similarity): void {
  app.post(
    '/v1/batch-similarity',
    {
      bodyLimit: 16 * 1024 * 1024,
      schema: {
        tags: ['similarity'],
        summary: 'How similar each of many texts is to one',
        body: Type.Object(
          {
            query: Text,
            candidates: Type.Array(Text, CANDIDATES),
            method: Type.Optional(MethodSchema),
            threshold: Type.Optional(
              Type.Number({ minimum: -1, maximum: 1, description: 'Leave out what is less similar than this' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            similarities: Type.Array(
              Type.Object({
                index: Type.Integer({ description: "The candidate's place in the request" }),
                similarity: Type.Number(),
              }),
              { description: 'In the order of the candidates' },
            ),
            ...measured,
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request, reply) => {
      const { query, candidates, method = 'cosine', threshold = -1 } = request.body;
      const { tenant, tier } = askerOf(request);
      checkTier(tier, { single: { query }, field: 'candidates', list: candidates });
      const clock = stopwatch();
      const all = await engine.each(query, candidates, method, { tenant, signal: clientSignal(reply) });
      return {
        similarities: all.filter((one) => one.similarity >= threshold),
        ...howMeasured(engine, method, clock()),
      };
    },
  );
}
