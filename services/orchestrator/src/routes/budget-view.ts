import type { Static } from '@sinclair/typebox';
import { dollars } from '../budgets/money.ts';
import type { BudgetState } from '../budgets/spending.ts';
import type { BudgetSchema } from '../schemas/budget.ts';

/** A budget as the API shows it: in dollars. */
export function budgetView(user: string, state: BudgetState): Static<typeof BudgetSchema> {
  const { period, spent, reserved, limit, own, start, end } = state;
  return {
    user_id: user,
    period,
    currency: 'USD',
    spent: dollars(spent),
    reserved: dollars(reserved),
    limit: limit === undefined ? null : dollars(limit),
    remaining: limit === undefined ? null : dollars(Math.max(0, limit - spent - reserved)),
    limit_source: own ? 'user' : limit === undefined ? 'none' : 'tier',
    period_start: new Date(start).toISOString(),
    period_end: new Date(end).toISOString(),
  };
}
