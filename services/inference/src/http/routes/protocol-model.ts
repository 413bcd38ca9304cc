import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { describeModel } from '../../protocol/model-metadata.ts';
import type { Context } from '../context.ts';
import { ModelParams, ProtocolErrorBody } from '../schemas.ts';

const Tensor = Type.Object({
  name: Type.String(),
  datatype: Type.String(),
  shape: Type.Array(Type.Integer(), { description: '-1 where any size goes' }),
});

const Metadata = Type.Object({
  name: Type.String(),
  versions: Type.Array(Type.String()),
  platform: Type.String(),
  inputs: Type.Array(Tensor),
  outputs: Type.Array(Tensor),
});

const Ready = Type.Object({ name: Type.String(), ready: Type.Boolean() });

/** A model in the Open Inference Protocol: what it takes and gives, and whether it is ready. */
export const protocolModelRoutes: FastifyPluginAsyncTypebox<{ context: Context }> = async (app, { context }) => {
  const { registry } = context;
  const shared = { tags: ['open inference protocol'], params: ModelParams };
  const errors = { '4xx': ProtocolErrorBody, '5xx': ProtocolErrorBody };
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    app.get(
      path,
      { schema: { ...shared, summary: 'What a model takes and gives', response: { 200: Metadata, ...errors } } },
      async ({ params }) => describeModel(registry, params.model, params.version),
    );
    app.get(
      `${path}/ready`,
      { schema: { ...shared, summary: 'Whether a model serves', response: { 200: Ready, ...errors } } },
      async ({ params }) => ({ name: registry.resolve(params.model, params.version).name, ready: true }),
    );
  }
};
