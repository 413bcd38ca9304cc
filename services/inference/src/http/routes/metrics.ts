import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Context } from '../context.ts';

/** Metrics in the text format of Prometheus. */
export const metricsRoute: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry } = context.metrics;
  app.get(
    '/metrics',
    { schema: { tags: ['operations'], summary: 'Metrics for Prometheus' } },
    async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
};
