import { Type } from '@sinclair/typebox';
import { dollars } from '../budgets/money.ts';
import { periodOf } from '../budgets/periods.ts';
import type { App } from '../http/type-provider.ts';
import { PeriodSchema } from '../schemas/budget.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { BudgetDeps } from './budget-user.ts';

const Spender = Type.Object({
  user_id: Type.String(),
  spent: Type.Number(),
  requests: Type.Integer(),
  prompt_tokens: Type.Integer(),
  cached_tokens: Type.Integer({ description: 'The part of the prompt tokens that the provider had cached' }),
  completion_tokens: Type.Integer(),
});

/** GET /api/v1/budget/top-spenders/{period}?limit= */
export function budgetTopSpenders(app: App, { spending }: BudgetDeps): void {
  app.get(
    '/api/v1/budget/top-spenders/:period',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['budgets'],
        summary: 'Who spent most in this period, from the ledger',
        params: Type.Object({ period: PeriodSchema }),
        querystring: Type.Object(
          {
            // A number in an address is text; the schema says which texts are one.
            limit: Type.Optional(
              Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', default: '10', description: '1 to 1000' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            period: PeriodSchema,
            currency: Type.Literal('USD'),
            period_start: Type.String(),
            spenders: Type.Array(Spender),
          }),
          ...COMMON_ERRORS,
        },
      },
    },
    async (request) => {
      const { period } = request.params;
      const spenders = await spending.topSpenders(period, Number(request.query.limit ?? '10'));
      return {
        period,
        currency: 'USD' as const,
        period_start: new Date(periodOf(period, Date.now()).start).toISOString(),
        spenders: spenders.map((spender) => ({
          user_id: spender.user,
          spent: dollars(spender.costNanoUsd),
          requests: spender.requests,
          prompt_tokens: spender.promptTokens,
          cached_tokens: spender.cachedTokens,
          completion_tokens: spender.completionTokens,
        })),
      };
    },
  );
}
