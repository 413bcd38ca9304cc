import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import { type Context, notes, notReady } from '../context.ts';

const Report = Type.Object({
  status: Type.String({ description: 'ok, starting, not ready or draining' }),
  reasons: Type.Array(Type.String(), { description: 'why it is not ok' }),
  notes: Type.Array(Type.String(), { description: 'what is not as it was asked for, although requests are answered' }),
  models: Type.Array(
    Type.Object({
      name: Type.String(),
      version: Type.String(),
      state: Type.String(),
      reason: Type.Optional(Type.String()),
      provider: Type.Optional(Type.String({ description: 'what computes: cpu or cuda' })),
      weight: Type.Optional(Type.Integer({ description: 'its share of the requests that name no version' })),
    }),
  ),
});

/** Probes of Kubernetes, and a summary for people. */
export const healthRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { lifecycle, registry } = context;
  const report = (reasons: readonly string[]): Static<typeof Report> => ({
    status: status(reasons),
    reasons: [...reasons],
    notes: notes(context),
    models: registry.entries().map((entry) => {
      const weight = registry.weights(entry.name)[entry.version];
      return {
        name: entry.name,
        version: entry.version,
        state: entry.state,
        ...('reason' in entry && entry.reason !== undefined && { reason: entry.reason }),
        ...(entry.state === 'ready' && { provider: entry.session.provider }),
        ...(weight !== undefined && { weight }),
      };
    }),
  });
  const status = (reasons: readonly string[]): string => {
    if (lifecycle.draining) return 'draining';
    if (!registry.started) return 'starting';
    return reasons.length === 0 ? 'ok' : 'not ready';
  };
  const schema = (summary: string) => ({
    schema: { tags: ['health'], summary, response: { 200: Report, 503: Report } },
  });

  app.get('/health', schema('The state of the server and of every model; 200 whatever it is'), async () =>
    report(notReady(context)),
  );
  app.get('/health/live', schema('The process answers'), async () => report([]));
  app.get('/health/ready', schema('Every model serves and requests are welcome'), async (_request, reply) => {
    const reasons = notReady(context);
    return reply.code(reasons.length === 0 ? 200 : 503).send(report(reasons));
  });
  // A version that failed does not keep the start-up probe waiting: restarting the pod would take the others down.
  app.get('/health/startup', schema('Every model was tried once'), async (_request, reply) =>
    reply.code(registry.started ? 200 : 503).send(report(registry.started ? [] : registry.problems())),
  );
};
