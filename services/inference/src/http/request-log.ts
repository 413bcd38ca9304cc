import type { FastifyInstance } from 'fastify';
import type { Context } from './context.ts';

/** What a request made the server do; for its log line. */
export interface Work {
  readonly model: string;
  readonly version: string;
  readonly inputs: number;
  readonly tokens: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    work: Work | null;
  }
}

/** One log line and two metrics for every answer. */
export function logRequests(app: FastifyInstance, { metrics }: Context): void {
  app.decorateRequest('work', null);
  app.addHook('onSend', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    // The address as it was declared: one that was made up must not become a label.
    const route = request.routeOptions.url ?? 'unknown';
    const { statusCode: status } = reply;
    metrics.requests.inc({ method, route, status });
    metrics.requestDuration.observe({ method, route }, reply.elapsedTime / 1000);
    const probe = route.includes('/health') || route === '/metrics';
    const line = { method, route, status, ms: Math.round(reply.elapsedTime * 10) / 10, ...request.work };
    request.log[probe ? 'debug' : 'info'](line, 'answered');
  });
}
