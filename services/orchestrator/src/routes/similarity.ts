import { Type } from '@sinclair/typebox';
import { clientSignal } from '../http/client-signal.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { howMeasured, MethodSchema, measured, stopwatch, Text } from '../schemas/similarity.ts';
import type { Similarity } from '../similarity/engine.ts';
import { checkTier } from '../similarity/tiers.ts';
import { askerOf } from './asker.ts';

/** POST /v1/similarity */
export function similarity(app: App, engine: Similarity): void {
  app.post(
    '/v1/similarity',
    {
      schema: {
        tags: ['similarity'],
        summary: 'How similar two texts are',
        body: Type.Object(
          { text1: Text, text2: Text, method: Type.Optional(MethodSchema) },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ similarity: Type.Number(), ...measured }), ...COMMON_ERRORS },
      },
    },
    async (request, reply) => {
      const { text1, text2, method = 'cosine' } = request.body;
      const { tenant, tier } = askerOf(request);
      checkTier(tier, { single: { text1, text2 } });
      const clock = stopwatch();
      const value = await engine.pair(text1, text2, method, { tenant, signal: clientSignal(reply) });
      return { similarity: value, ...howMeasured(engine, method, clock()) };
    },
  );
}
