import type { App } from '../http/type-provider.ts';
import type { Reports } from '../production/reports.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { SloSchema, sloView, windowQuery } from '../schemas/production.ts';

/** GET /api/v1/health/slo */
export function healthSlo(app: App, reports: Reports): void {
  app.get(
    '/api/v1/health/slo',
    {
      config: { access: 'public', quiet: true },
      schema: {
        tags: ['production'],
        summary: 'Whether the endpoints keep their objectives now',
        querystring: windowQuery('1h'),
        response: { 200: SloSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { window = '1h' } = request.query;
      return sloView(await reports.slo(window), window);
    },
  );
}
