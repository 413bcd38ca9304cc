import { Type } from '@sinclair/typebox';

export const PeriodSchema = Type.Union([Type.Literal('daily'), Type.Literal('weekly'), Type.Literal('monthly')], {
  description: 'Days, weeks from Monday, and months, in UTC',
});

/** A user's name, as in tokens or as a trusted front end gives it. */
export const UserId = Type.String({
  minLength: 1,
  maxLength: 256,
  // No control characters: they cannot be stored, and nobody is called that.
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'The user',
});

/** US dollars as people write them; kept as whole billionths. */
export const Usd = Type.Number({ minimum: 0, maximum: 1_000_000 });

export const BudgetSchema = Type.Object({
  user_id: Type.String(),
  period: PeriodSchema,
  currency: Type.Literal('USD'),
  spent: Type.Number({ description: 'In this period' }),
  reserved: Type.Number({ description: 'By requests under way' }),
  limit: Type.Union([Type.Number(), Type.Null()], { description: 'null: none' }),
  remaining: Type.Union([Type.Number(), Type.Null()], { description: 'null: no limit' }),
  limit_source: Type.Union([Type.Literal('user'), Type.Literal('tier'), Type.Literal('none')], {
    description: 'Whether the limit was set for the user or is that of the tier',
  }),
  period_start: Type.String({ description: 'ISO 8601' }),
  period_end: Type.String({ description: 'ISO 8601; what was spent counts no more from then on' }),
});
