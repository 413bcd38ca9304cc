import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import type { QuarantineStore } from '../quarantine/store.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { askerOf } from './asker.ts';

const Count = Type.Integer({ minimum: 0 });

/** GET /api/v1/quarantine/statistics */
export function quarantineStatistics(app: App, store: QuarantineStore): void {
  app.get(
    '/api/v1/quarantine/statistics',
    {
      schema: {
        tags: ['quarantine'],
        summary: 'How much was set aside, when and why',
        response: {
          200: Type.Object({
            total: Count,
            quarantined: Count,
            released: Count,
            last_24h: Count,
            newest: Type.Union([Type.String(), Type.Null()]),
            by_reason: Type.Array(Type.Object({ reason: Type.String(), count: Count })),
            by_model: Type.Array(Type.Object({ model: Type.String(), count: Count })),
            by_day: Type.Array(Type.Object({ day: Type.String(), count: Count }), {
              description: 'The last thirty days (UTC), those without any left out',
            }),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { last24Hours, newest, byReason, byModel, byDay, ...totals } = await store.statistics(
        askerOf(request).tenant,
      );
      return {
        ...totals,
        last_24h: last24Hours,
        newest: newest ?? null,
        by_reason: [...byReason],
        by_model: [...byModel],
        by_day: [...byDay],
      };
    },
  );
}
