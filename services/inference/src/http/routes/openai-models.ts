import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Context } from '../context.ts';

const Model = Type.Object({
  id: Type.String(),
  object: Type.Literal('model'),
  created: Type.Integer({ description: 'seconds since 1970 at which this server started' }),
  owned_by: Type.String(),
});

const List = Type.Object({ object: Type.Literal('list'), data: Type.Array(Model) });

/** The models that can be asked for, as OpenAI lists them. */
export const openAiModelsRoute: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const created = Math.floor(Date.now() / 1000);
  app.get(
    '/v1/models',
    { schema: { tags: ['openai'], summary: 'The models that serve', response: { 200: List } } },
    async () => {
      const ready = context.registry.entries().filter(({ state }) => state === 'ready');
      const names = [...new Set(ready.map(({ name }) => name))];
      return {
        object: 'list' as const,
        data: names.map((id) => ({ id, object: 'model' as const, created, owned_by: 'keelson' })),
      };
    },
  );
};
