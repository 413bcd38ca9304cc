import swagger from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import type pino from 'pino';
import { installAuth } from './auth/plugin.ts';
import type { Tokens } from './auth/tokens.ts';
import type { AccountingParts } from './budgets/create.ts';
import { installErrorHandler, sendError, toAppError } from './errors/handler.ts';
import type { FeatureSets } from './feature-sets.ts';
import { installJsonParser } from './http/body.ts';
import { installObservation } from './http/observe.ts';
import { requestId } from './http/request-id.ts';
import { requestLog } from './http/request-log.ts';
import type { App } from './http/type-provider.ts';
import { installLimits, limitCallers, limitStranger } from './limits/plugin.ts';
import { installMaintenance } from './maintenance/plugin.ts';
import type { Metrics } from './metrics.ts';
import { Answerer } from './retrieval/answerer.ts';
import { adminMaintenance } from './routes/admin-maintenance.ts';
import { adminProviders } from './routes/admin-providers.ts';
import { budgetLimit } from './routes/budget-limit.ts';
import { budgetTopSpenders } from './routes/budget-top-spenders.ts';
import { budgetUser } from './routes/budget-user.ts';
import { chatCompletions } from './routes/chat-completions.ts';
import type { GatewayDeps, HealthDeps, RagDeps } from './routes/deps.ts';
import { docs } from './routes/docs.ts';
import { documentsDelete } from './routes/documents-delete.ts';
import { documentsPut } from './routes/documents-put.ts';
import { embeddings } from './routes/embeddings.ts';
import { health } from './routes/health.ts';
import { messages } from './routes/messages.ts';
import { metricsRoute } from './routes/metrics.ts';
import { models } from './routes/models.ts';
import { query } from './routes/query.ts';
import { search } from './routes/search.ts';

/** All that the app works with. Who builds these decides what is real: `main.ts`, or a test. */
export interface AppDeps {
  readonly log: pino.Logger;
  readonly metrics: Metrics;
  /** What `/metrics` answers. @default - what `metrics` counts */
  readonly exposition?: () => Promise<string>;
  readonly health: HealthDeps;
  readonly auth: { readonly tokens: Tokens; readonly writers: ReadonlySet<string> | undefined };
  /** The gateway's endpoints; `models` also words answers for RAG. */
  readonly gateway: GatewayDeps;
  /** Which of the feature sets are served. */
  readonly features: { readonly gateway: boolean; readonly budgets?: boolean };
  /** Limits, budgets, ledger, audit and maintenance. @default - nothing is limited or counted */
  readonly accounting?: AccountingParts;
  /** undefined: the RAG endpoints are not served */
  readonly rag: RagDeps | undefined;
  /** All other feature sets. @default - none of them is served */
  readonly sets?: FeatureSets;
  /** The folder with Swagger UI's files. */
  readonly docsAssets: string;
}

/** Builds the app without listening. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const { metrics, health: state } = deps;
  const app: App = fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    // One line per request is written by `installObservation`, with fewer fields and for clients that left as well.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    childLoggerFactory: requestLog,
    genReqId: requestId,
    bodyLimit: 1024 * 1024,
    requestTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: 2_048 },
    // Nothing is bent into shape: a number in quotes is a mistake of the caller, and an unknown field a misspelt one.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, allErrors: true } },
    frameworkErrors: (error, request, reply) => {
      void sendError(reply, toAppError(error), request);
    },
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Keelson orchestrator', version: '1', description: 'LLM and RAG gateway' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  });
  installJsonParser(app);
  installErrorHandler(app);
  installObservation(app, deps.log, metrics, () => state.lifecycle.draining);
  const { accounting: parts } = deps;
  if (parts) installMaintenance(app, parts.maintenance);
  if (parts) installLimits(app, parts.accounting.limits);
  installAuth(app, {
    ...deps.auth,
    ...(parts && { onStranger: (request) => limitStranger(request, parts.accounting.limits) }),
  });
  if (parts) limitCallers(app, parts.accounting.limits);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // Clients let go of their connections, so that the next request goes to another replica.
    if (state.lifecycle.draining) reply.header('connection', 'close');
    done();
  });

  health(app, state);
  metricsRoute(app, metrics, deps.exposition);
  docs(app, deps.docsAssets);
  if (deps.features.gateway) {
    chatCompletions(app, deps.gateway);
    messages(app, deps.gateway);
    embeddings(app, deps.gateway);
    models(app, deps.gateway);
    adminProviders(app, deps.gateway);
  }
  if (parts) {
    adminMaintenance(app, { ...parts, spread: () => parts.accounting.coordination.look() });
    if (deps.features.budgets) {
      budgetUser(app, parts);
      budgetLimit(app, parts);
      budgetTopSpenders(app, parts);
    }
  }
  const { rag } = deps;
  if (rag) {
    const answerer = new Answerer({ retriever: rag.retriever, models: deps.gateway.models, log: app.log });
    documentsPut(app, rag, metrics);
    documentsDelete(app, rag);
    search(app, rag);
    query(app, answerer, metrics);
  }
  deps.sets?.install(app, state);
  return app;
}
