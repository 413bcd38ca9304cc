import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { type Static, Type } from 'typebox';
import type { ModelEntry } from '../../models/registry.ts';
import type { Context } from '../context.ts';

const Index = Type.Array(
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    state: Type.Enum(['READY', 'LOADING', 'UNAVAILABLE']),
    reason: Type.String(),
  }),
);

const Body = Type.Optional(
  Type.Union([
    Type.Null(),
    Type.Object({ ready: Type.Optional(Type.Boolean({ description: 'true to leave out what does not serve' })) }),
  ]),
);

/** Every version that the server knows; clients ask with POST, people with GET. */
export const protocolRepositoryRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const index = (readyOnly = false) =>
    context.registry
      .entries()
      .map(describe)
      .filter(({ state }) => !readyOnly || state === 'READY');
  const schema = {
    tags: ['open inference protocol'],
    summary: 'Every version that the server knows, with its state',
    response: { 200: Index },
  };
  app.get('/v2/repository/index', { schema }, async () => index());
  app.post('/v2/repository/index', { schema: { ...schema, body: Body } }, async ({ body }) => index(body?.ready));
};

function describe(entry: ModelEntry): Static<typeof Index>[number] {
  const { name, version } = entry;
  switch (entry.state) {
    case 'ready':
      return { name, version, state: 'READY', reason: '' };
    case 'loading':
      return { name, version, state: 'LOADING', reason: '' };
    case 'failed':
      return { name, version, state: 'UNAVAILABLE', reason: entry.reason };
  }
}
