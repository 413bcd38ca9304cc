import type pino from 'pino';
import { statusOf } from '../errors/catalogue.ts';
import type { Metrics } from '../metrics.ts';
import type { HistogramSeries, Series } from '../tally.ts';
import { RequestLine } from './request-line.ts';
import type { App } from './type-provider.ts';

/** What is counted about the requests of one route that ended with one status. */
interface Observed {
  readonly requests: Series;
  readonly duration: HistogramSeries;
  readonly line: RequestLine;
}

/**
 * One log line and one count per request, written when its answer is complete or its client has left.
 *
 * @param log Made by `createLogger`.
 * @param closing Whether the replica is going away. An answer that began before says that its connection stays: it is closed all
 *   the same, or the replica would wait for the client to do so.
 */
export function installObservation(app: App, log: pino.Logger, metrics: Metrics, closing: () => boolean): void {
  const observed = new Map<string, Observed>();
  const durations = new Map<string, HistogramSeries>();
  const durationOf = (method: string, route: string): HistogramSeries => {
    const key = `${method} ${route}`;
    let found = durations.get(key);
    if (!found) {
      found = metrics.httpDuration.series({ method, route });
      durations.set(key, found);
    }
    return found;
  };
  const of = (method: string, route: string, status: number): Observed => {
    const key = `${method} ${route} ${status}`;
    let found = observed.get(key);
    if (!found) {
      found = {
        requests: metrics.httpRequests.series({ method, route, status: String(status) }),
        duration: durationOf(method, route),
        line: new RequestLine(method, route, status),
      };
      observed.set(key, found);
    }
    return found;
  };
  app.addHook('onRequest', (request, reply, done) => {
    const started = performance.now();
    const { raw } = reply;
    reply.header('x-request-id', request.id);
    let complete = false;
    raw.on('finish', () => {
      complete = true;
    });
    // It comes once, whether the answer was complete or the client left.
    raw.on('close', () => {
      // A request that was injected has no such socket.
      if (closing()) request.raw.socket.destroySoon?.();
      const seconds = (performance.now() - started) / 1000;
      // The client is gone: whatever status was chosen, nobody got it.
      const status = complete ? raw.statusCode : statusOf('client_closed');
      const { method } = request;
      const { url, config } = request.routeOptions;
      // The pattern, never the address: that could hold anything, and would make a series each.
      const route = url ?? 'unknown';
      const counted = of(method, route, status);
      counted.requests.add();
      counted.duration.observe(seconds);
      // Probes come every few seconds for ever; only what is wrong with them is worth a line.
      if (config.quiet === true && status < 500) return;
      const ms = Math.round(seconds * 10_000) / 10;
      counted.line.write(log, { id: request.id, caller: request.caller, ms });
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
