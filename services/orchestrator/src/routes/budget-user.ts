import { Type } from '@sinclair/typebox';
import type { Tokens } from '../auth/tokens.ts';
import type { Accounting } from '../budgets/accounting.ts';
import type { SpendingReport } from '../budgets/spending.ts';
import { AppError } from '../errors/app-error.ts';
import type { App } from '../http/type-provider.ts';
import { BudgetSchema, PeriodSchema, UserId } from '../schemas/budget.ts';
import { COMMON_ERRORS } from '../schemas/error.ts';
import { budgetView } from './budget-view.ts';

/** What the routes about budgets work with. */
export interface BudgetDeps {
  readonly accounting: Accounting;
  readonly spending: SpendingReport;
  readonly tokens: Tokens;
}

/** GET /api/v1/budget/user/{id}?period= */
export function budgetUser(app: App, { accounting, spending, tokens }: BudgetDeps): void {
  app.get(
    '/api/v1/budget/user/:id',
    {
      schema: {
        tags: ['budgets'],
        summary: 'What a user has spent and may spend',
        description:
          "One's own, or with the role `admin` anybody's. A user who never asked for anything has spent nothing.",
        params: Type.Object({ id: UserId }),
        querystring: Type.Object(
          { period: Type.Optional({ ...PeriodSchema, default: 'daily' }) },
          { additionalProperties: false },
        ),
        response: { 200: BudgetSchema, ...COMMON_ERRORS },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { period = 'daily' } = request.query;
      const { identity } = request;
      if (identity?.user !== id && !identity?.roles.has('admin')) {
        throw new AppError('not_allowed', {
          message: "Another user's budget is for administrators.",
          cure: `Ask for /api/v1/budget/user/${encodeURIComponent(identity?.user ?? '')}, or use the token of a caller with the role "admin".`,
        });
      }
      const tier = accounting.limits.tierOf({ tier: tokens.tierOfUser(id) });
      return budgetView(id, await spending.of(id, period, tier));
    },
  );
}
