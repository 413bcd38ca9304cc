import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, { type FastifyInstance, LogController } from 'fastify';
import type { LoggerOptions } from 'pino';
import { ApiError } from './errors/api-error.ts';
import { requireToken } from './http/auth.ts';
import type { Context } from './http/context.ts';
import { decompressBodies } from './http/decompress.ts';
import { handleError } from './http/errors.ts';
import { logRequests } from './http/request-log.ts';
import { docsRoutes } from './http/routes/docs.ts';
import { healthRoutes } from './http/routes/health.ts';
import { metricsRoute } from './http/routes/metrics.ts';
import { openAiEmbeddingsRoute } from './http/routes/openai-embeddings.ts';
import { openAiModelsRoute } from './http/routes/openai-models.ts';
import { protocolInferRoutes } from './http/routes/protocol-infer.ts';
import { protocolModelRoutes } from './http/routes/protocol-model.ts';
import { protocolRepositoryRoutes } from './http/routes/protocol-repository.ts';
import { protocolServerRoutes } from './http/routes/protocol-server.ts';
import { rerankRoute } from './http/routes/rerank.ts';
import { similarityRoute } from './http/routes/similarity.ts';
import { explainValidation } from './http/validation.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  readonly context: Context;
  /** @default - no log */
  readonly logger?: LoggerOptions;
}

/** Ids from outside go into the log and into a header: nothing but these characters. */
const REQUEST_ID = /^[\w.:-]{1,128}$/;

/** The HTTP server with all its routes, not listening yet. */
export async function buildApp({ context, logger }: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: logger ?? false,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: context.maxBodyBytes,
    // Requests on open connections are still answered while the server drains; see main.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: ({ headers: { 'x-request-id': id } }) =>
      typeof id === 'string' && REQUEST_ID.test(id) ? id : randomUUID(),
    // Values are taken as they are: a number is not a text, and what is left out is not made up.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, verbose: true, allErrors: false } },
    schemaErrorFormatter: explainValidation,
  }).withTypeProvider<TypeBoxTypeProvider>();

  app.setErrorHandler(handleError);
  app.setNotFoundHandler((request) => {
    throw new ApiError('not_found', `there is no ${request.method} at this address`);
  });
  app.addHook('onSend', async (_request, reply) => {
    // A kept-alive connection would come back to a server that is going away. Said when the answer goes out, so that
    // requests hear of it that came before the end began.
    if (context.lifecycle.draining) void reply.header('connection', 'close');
  });
  app.decorateRequest('binary', null);
  requireToken(app, context.authToken);
  decompressBodies(app);
  logRequests(app, context);

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Keelson inference', version: VERSION, description: 'Models over HTTP: OpenAI and KServe V2.' },
    },
  });
  await app.register(healthRoutes, { context });
  await app.register(metricsRoute, { context });
  await app.register(docsRoutes);
  await app.register(openAiModelsRoute, { context });
  await app.register(openAiEmbeddingsRoute, { context });
  await app.register(rerankRoute, { context });
  await app.register(similarityRoute, { context });
  await app.register(protocolServerRoutes, { context });
  await app.register(protocolModelRoutes, { context });
  await app.register(protocolRepositoryRoutes, { context });
  await app.register(protocolInferRoutes, { context });
  return app;
}
