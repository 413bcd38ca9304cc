import { describe, expect, it } from '@jest/globals';
import { periodOf } from '../../../../services/orchestrator/src/budgets/periods.ts';

const bounds = (period: Parameters<typeof periodOf>[0], at: string) => {
  const { start, end } = periodOf(period, Date.parse(at));
  return [new Date(start).toISOString(), new Date(end).toISOString()];
};

describe('periodOf', () => {
  it('counts days in UTC', () => {
    expect(bounds('daily', '2026-11-21T23:59:59.999Z')).toEqual([
      '2026-11-21T00:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
    ]);
  });

  it('counts weeks from Monday, over the end of a year', () => {
    expect(bounds('weekly', '2026-11-21T12:00:00Z')).toEqual(['2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z']);
    expect(bounds('weekly', '2026-11-23T00:00:00Z')).toEqual(['2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z']);
    expect(bounds('weekly', '2027-01-01T00:00:00Z')).toEqual(['2026-12-28T00:00:00.000Z', '2027-01-04T00:00:00.000Z']);
  });

  it('counts months, that of a leap year as well', () => {
    expect(bounds('monthly', '2028-02-29T12:00:00Z')).toEqual(['2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z']);
    expect(bounds('monthly', '2026-12-31T23:59:59Z')).toEqual(['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
  });
});
