import { Type } from '@sinclair/typebox';
import type { ExperimentStore } from '../experiments/store.ts';
import { refuseUnstorable } from '../http/body.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { ExperimentSchema, experimentView, StatusSchema } from '../schemas/experiments.ts';
import { NextCursor, pageLimit, pageParameters } from '../schemas/page.ts';
import { decodeCursor } from '../stores/postgres/cursor.ts';
import { askerOf } from './asker.ts';

/** GET /api/v1/experiments */
export function experimentsList(app: App, store: ExperimentStore): void {
  app.get(
    '/api/v1/experiments',
    {
      schema: {
        tags: ['experiments'],
        summary: 'The experiments, newest first',
        querystring: Type.Object(
          {
            status: Type.Optional(StatusSchema),
            tag: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
            ...pageParameters,
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({ experiments: Type.Array(ExperimentSchema), next_cursor: NextCursor }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { status, tag, limit, cursor } = request.query;
      refuseUnstorable(request.query, 'querystring');
      const page = await store.list(askerOf(request).tenant, {
        status,
        tag,
        limit: pageLimit(limit),
        after: decodeCursor(cursor),
      });
      return { experiments: page.experiments.map(experimentView), next_cursor: page.next ?? null };
    },
  );
}
