import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { loadModel, repositoryIndex, unloadModel } from '../../protocol/repository.ts';
import { binaryParser } from '../binary-body.ts';
import type { Context } from '../context.ts';
import { ProtocolErrorBody } from '../schemas.ts';

const Index = Type.Array(
  Type.Object({
    name: Type.String(),
    version: Type.String(),
    state: Type.Enum(['READY', 'LOADING', 'UNLOADING', 'UNAVAILABLE']),
    reason: Type.String(),
  }),
);

const IndexBody = Type.Optional(
  Type.Union([
    Type.Null(),
    Type.Object({ ready: Type.Optional(Type.Boolean({ description: 'true to leave out what does not serve' })) }),
  ]),
);

const Params = Type.Object({ model: Type.String({ description: 'the name of a model' }) });

const Version = Type.Union([Type.String(), Type.Integer()], { description: 'a version' });

const LoadBody = Type.Optional(
  Type.Union([
    Type.Null(),
    Type.Object({
      parameters: Type.Optional(
        Type.Object(
          {
            version: Type.Optional(Type.Union([Version, Type.Array(Version)], { description: 'a version, or a list' })),
            weights: Type.Optional(
              Type.Union([Type.Record(Type.String(), Type.Integer({ minimum: 0 })), Type.String()], {
                description: 'shares of requests by version, such as {"1": 90, "2": 10}',
              }),
            ),
          },
          { additionalProperties: true },
        ),
      ),
    }),
  ]),
);

/** Every version that the server knows, and loading and unloading them. */
export const protocolRepositoryRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry } = context;
  // Clients of the protocol send no content type.
  binaryParser(app, context.maxBodyBytes, true);
  const tags = ['open inference protocol'];
  const index = { tags, summary: 'Every version that the server knows, with its state', response: { 200: Index } };
  // Clients ask with POST, people with GET.
  app.get('/v2/repository/index', { schema: index }, async () => repositoryIndex(registry));
  app.post('/v2/repository/index', { schema: { ...index, body: IndexBody } }, async ({ body }) =>
    repositoryIndex(registry, body?.ready),
  );

  const change = {
    tags,
    params: Params,
    body: LoadBody,
    response: { 200: Type.Object({}), '4xx': ProtocolErrorBody, '5xx': ProtocolErrorBody },
  };
  app.post(
    '/v2/repository/models/:model/load',
    { schema: { ...change, summary: 'Loads versions of a model, and sets their shares of its requests' } },
    async ({ params, body }) => {
      await loadModel(context, params.model, body?.parameters ?? {});
      return {};
    },
  );
  app.post(
    '/v2/repository/models/:model/unload',
    { schema: { ...change, summary: 'Unloads a model, or one of its versions' } },
    async ({ params, body }) => {
      await unloadModel(context, params.model, body?.parameters ?? {});
      return {};
    },
  );
};
