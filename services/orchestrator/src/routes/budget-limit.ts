import { Type } from '@sinclair/typebox';
import { nanoUsd } from '../budgets/money.ts';
import type { App } from '../http/type-provider.ts';
import { BudgetSchema, PeriodSchema, Usd, UserId } from '../schemas/budget.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import type { BudgetDeps } from './budget-user.ts';
import { budgetView } from './budget-view.ts';

/** POST /api/v1/budget/limit */
export function budgetLimit(app: App, { accounting, spending, tokens }: BudgetDeps): void {
  app.post(
    '/api/v1/budget/limit',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['budgets'],
        summary: "Set a user's limit for a period",
        description: 'Takes effect at once, on every replica. The audit log keeps who set it, and what it was before.',
        body: Type.Object(
          {
            user_id: UserId,
            period: PeriodSchema,
            limit: Type.Union([Usd, Type.Null()], {
              description: 'US dollars, kept to a billionth; null: the limit of the tier holds again',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: BudgetSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { user_id: user, period, limit } = request.body;
      await spending.setLimit(user, period, limit === null ? undefined : nanoUsd(limit), {
        actor: request.caller,
        tenant: request.identity?.tenant ?? '',
        requestId: request.id,
      });
      const tier = accounting.limits.tierOf({ tier: tokens.tierOfUser(user) });
      return budgetView(user, await spending.of(user, period, tier));
    },
  );
}
