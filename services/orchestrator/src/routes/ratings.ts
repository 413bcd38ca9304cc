import { Type } from '@sinclair/typebox';
import type { CounterfactualStore } from '../counterfactuals/store.ts';
import { AppError } from '../errors/app-error.ts';
import { refuseUnstorable } from '../http/body.ts';
import type { App } from '../http/type-provider.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { Uuid } from '../schemas/uuid.ts';
import { askerOf } from './asker.ts';

/** POST /api/v1/ratings */
export function ratings(app: App, store: CounterfactualStore, onRating: (rating: number) => void): void {
  app.post(
    '/api/v1/ratings',
    {
      schema: {
        tags: ['counterfactuals'],
        summary: 'Say how good a counterfactual is',
        description: 'One rating per user: another one replaces it.',
        body: Type.Object(
          {
            counterfactual_id: Uuid,
            variant: Type.Optional(
              Type.Integer({ minimum: 0, maximum: 19, description: 'Which variant, from 0. Default: all together' }),
            ),
            rating: Type.Integer({ minimum: 1, maximum: 5, description: '5 is best' }),
            comment: Type.Optional(Type.String({ maxLength: 2_000 })),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            id: Type.String(),
            average: Type.Number({ description: 'Of all ratings of the same' }),
            count: Type.Integer(),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      refuseUnstorable(request.body);
      const { counterfactual_id: id, variant, rating, comment } = request.body;
      const { tenant, user } = askerOf(request);
      const variants = await store.variants(id, tenant);
      if (variants === undefined) {
        throw new AppError('counterfactual_not_found', {
          details: [
            {
              path: 'body.counterfactual_id',
              problem: 'is the id of none of your counterfactuals',
              cure: 'Use the `id` of an answer of POST /api/v1/counterfactuals.',
            },
          ],
        });
      }
      if (variant !== undefined && variant >= variants) {
        throw new AppError('invalid_request', {
          details: [
            {
              path: 'body.variant',
              problem: `is ${variant}, and there are ${variants} variants`,
              cure: variants === 0 ? 'Leave it out.' : `Use 0 to ${variants - 1}.`,
            },
          ],
        });
      }
      const subject = variant === undefined ? id : `${id}#${variant}`;
      const stored = await store.rate({ tenant, user, subject, rating, comment });
      onRating(rating);
      return stored;
    },
  );
}
