import type { App } from '../http/type-provider.ts';
import type { Reports } from '../production/reports.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { SloSchema, sloView, windowQuery } from '../schemas/production.ts';

/** GET /api/v1/metrics/slo-compliance, and /metrics/slo-compliance, under which the operations guide looks for it */
export function metricsSloCompliance(app: App, reports: Reports): void {
  for (const url of ['/api/v1/metrics/slo-compliance', '/metrics/slo-compliance']) {
    app.get(
      url,
      {
        config: { access: 'public', quiet: true },
        schema: {
          tags: ['production'],
          summary: 'How the endpoints kept their objectives',
          querystring: windowQuery('24h'),
          response: { 200: SloSchema, ...COMMON_ERRORS },
        },
      },
      async (request) => {
        const { window = '24h' } = request.query;
        return sloView(await reports.slo(window), window);
      },
    );
  }
}
