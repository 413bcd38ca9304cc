import { Type } from '@sinclair/typebox';
import type { Evaluation } from '../experiments/evaluation.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { CheckSchema, checkViews, ExperimentId } from '../schemas/experiments.ts';
import { actorOf } from './asker.ts';

/** POST /api/v1/evaluation/promote/{id} */
export function evaluationPromote(app: App, evaluation: Evaluation): void {
  app.post(
    '/api/v1/evaluation/promote/:id',
    {
      config: { access: 'writer' },
      schema: {
        tags: ['experiments'],
        summary: 'Promote an experiment to production',
        description:
          'When its last run meets the success criteria, or with `force=true` in any case. It replaces what is active under its name. Promoting again changes nothing.',
        params: ExperimentId,
        querystring: Type.Object(
          {
            force: Type.Optional(
              Type.Union([Type.Literal('true'), Type.Literal('false')], { description: 'Default: false' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            experiment_id: Type.String(),
            promotion_id: Type.String(),
            status: Type.Literal('promoted'),
            forced: Type.Boolean({ description: 'Although it did not meet its criteria' }),
            checks: Type.Array(CheckSchema),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const promotion = await evaluation.promote(id, request.query.force === 'true', actorOf(request));
      return {
        experiment_id: id,
        promotion_id: promotion.id,
        status: 'promoted' as const,
        forced: promotion.forced,
        checks: checkViews(promotion.checks),
      };
    },
  );
}
