import { Type } from '@sinclair/typebox';
import type { Evaluation } from '../experiments/evaluation.ts';
import { refuseUnstorable } from '../http/body.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { ExperimentId } from '../schemas/experiments.ts';
import { actorOf } from './asker.ts';

const Body = Type.Object(
  {
    reason: Type.String({ minLength: 1, maxLength: 2_000, pattern: '\\S' }),
    impact_analysis: Type.Optional(
      Type.Record(Type.String({ maxLength: 128 }), Type.Unknown(), {
        maxProperties: 64,
        description: 'Anything, such as affected_models (a list of names) and recommendation',
      }),
    ),
  },
  { additionalProperties: false },
);

/** POST /api/v1/evaluation/quarantine/{id} */
export function evaluationQuarantine(app: App, evaluation: Evaluation): void {
  app.post(
    '/api/v1/evaluation/quarantine/:id',
    {
      config: { access: 'writer' },
      schema: {
        tags: ['experiments'],
        summary: 'Set an experiment aside, out of production if it is there',
        params: ExperimentId,
        body: Body,
        response: {
          200: Type.Object({
            experiment_id: Type.String(),
            quarantine_id: Type.String(),
            status: Type.Literal('quarantined'),
            quarantined_at: Type.String(),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { reason, impact_analysis: impactAnalysis = {} } = request.body;
      refuseUnstorable(request.body);
      const record = await evaluation.quarantine(id, { reason, impactAnalysis }, actorOf(request));
      return {
        experiment_id: id,
        quarantine_id: record.id,
        status: 'quarantined' as const,
        quarantined_at: record.at,
      };
    },
  );
}
