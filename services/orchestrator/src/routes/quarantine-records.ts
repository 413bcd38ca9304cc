import { Type } from '@sinclair/typebox';
import type { App } from '../http/type-provider.ts';
import type { QuarantineStore } from '../quarantine/store.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { NextCursor, pageLimit, pageParameters } from '../schemas/page.ts';
import { Uuid } from '../schemas/uuid.ts';
import { decodeCursor } from '../stores/postgres/cursor.ts';
import { askerOf } from './asker.ts';

const Status = Type.Union([Type.Literal('quarantined'), Type.Literal('released')]);

/** GET /api/v1/quarantine/records */
export function quarantineRecords(app: App, store: QuarantineStore): void {
  app.get(
    '/api/v1/quarantine/records',
    {
      schema: {
        tags: ['quarantine'],
        summary: 'What was set aside, newest first',
        querystring: Type.Object(
          { status: Type.Optional(Status), experiment_id: Type.Optional(Uuid), ...pageParameters },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            records: Type.Array(
              Type.Object({
                quarantine_id: Type.String(),
                experiment_id: Type.String(),
                name: Type.String(),
                reason: Type.String(),
                impact_analysis: Type.Record(Type.String(), Type.Unknown()),
                experiment: Type.Record(Type.String(), Type.Unknown(), {
                  description: 'The experiment as it was then, with its metrics',
                }),
                status: Status,
                quarantined_by: Type.String(),
                quarantined_at: Type.String(),
                released_at: Type.Union([Type.String(), Type.Null()]),
              }),
            ),
            next_cursor: NextCursor,
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { status, experiment_id: experiment, limit, cursor } = request.query;
      const page = await store.records(askerOf(request).tenant, {
        status,
        experiment,
        limit: pageLimit(limit),
        after: decodeCursor(cursor),
      });
      return {
        records: page.records.map((record) => ({
          quarantine_id: record.id,
          experiment_id: record.experiment,
          name: record.name,
          reason: record.reason,
          impact_analysis: record.impactAnalysis,
          experiment: record.snapshot,
          status: record.status,
          quarantined_by: record.by,
          quarantined_at: record.at,
          released_at: record.releasedAt ?? null,
        })),
        next_cursor: page.next ?? null,
      };
    },
  );
}
