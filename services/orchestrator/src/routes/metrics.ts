import type { App } from '../http/type-provider.ts';
import type { Metrics } from '../metrics.ts';

/** GET /metrics, in Prometheus' text format */
export function metricsRoute(app: App, { registry }: Metrics, read = () => registry.metrics()): void {
  app.get(
    '/metrics',
    { config: { access: 'public', quiet: true }, schema: { tags: ['operations'], summary: 'Metrics for Prometheus' } },
    async (_request, reply) => reply.type(registry.contentType).send(await read()),
  );
}
