import { statusOf } from '../errors/catalogue.ts';
import type { Metrics } from '../metrics.ts';
import type { App } from './type-provider.ts';

/**
 * One log line and one count per request, written when its answer is complete or its client has left.
 *
 * @param closing Whether the replica is going away. An answer that began before says that its connection stays: it is closed all
 *   the same, or the replica would wait for the client to do so.
 */
export function installObservation(app: App, metrics: Metrics, closing: () => boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    const started = performance.now();
    reply.header('x-request-id', request.id);
    let complete = false;
    reply.raw.once('finish', () => {
      complete = true;
    });
    // It comes once, whether the answer was complete or the client left.
    reply.raw.once('close', () => {
      // A request that was injected has no such socket.
      if (closing()) request.raw.socket.destroySoon?.();
      const seconds = (performance.now() - started) / 1000;
      // The client is gone: whatever status was chosen, nobody got it.
      const status = complete ? reply.statusCode : statusOf('client_closed');
      const method = request.method;
      // The pattern, never the address: that could hold anything, and would make a series each.
      const route = request.routeOptions.url ?? 'unknown';
      metrics.httpRequests.inc({ method, route, status: String(status) });
      metrics.httpDuration.observe({ method, route }, seconds);
      // Probes come every few seconds for ever; only what is wrong with them is worth a line.
      if (request.routeOptions.config.quiet === true && status < 500) return;
      request.log.info({
        event: 'request',
        method,
        route,
        status,
        duration_ms: Math.round(seconds * 10_000) / 10,
        ...(request.caller === '' ? {} : { caller: request.caller }),
      });
    });
    done();
  });
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** No log line unless it fails. */
    quiet?: boolean;
  }
}
