import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { ApiError } from '../../errors/api-error.ts';
import { SERVER } from '../../protocol/server-metadata.ts';
import { type Context, notReady } from '../context.ts';
import { ProtocolErrorBody } from '../schemas.ts';

const Metadata = Type.Object({
  name: Type.String(),
  version: Type.String(),
  extensions: Type.Array(Type.String()),
});

/** The server in the Open Inference Protocol: what it is, and whether it lives and is ready. */
export const protocolServerRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const tags = ['open inference protocol'];
  app.get('/v2', { schema: { tags, summary: 'What the server is', response: { 200: Metadata } } }, async () => SERVER);
  app.get(
    '/v2/health/live',
    { schema: { tags, summary: 'The server lives', response: { 200: Type.Object({ live: Type.Boolean() }) } } },
    async () => ({ live: true }),
  );
  app.get(
    '/v2/health/ready',
    {
      schema: {
        tags,
        summary: 'Every model serves',
        response: { 200: Type.Object({ ready: Type.Boolean() }), '5xx': ProtocolErrorBody },
      },
    },
    async () => {
      const reasons = notReady(context);
      if (reasons.length > 0) throw new ApiError('model_not_ready', reasons.join('; '));
      return { ready: true };
    },
  );
};
