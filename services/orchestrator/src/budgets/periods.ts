import type { Period } from '../limits/policy.ts';

/** A period as Redis and PostgreSQL count it: its number, first moment and end, in milliseconds since 1970, UTC. */
export interface PeriodBounds {
  /** Days since 1970, weeks (from Monday) since 29 December 1969, or months since 1970. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const DAY = 86_400_000;

/** The period that a moment lies in. The scripts in Redis count by the same numbers. */
export function periodOf(period: Period, at: number): PeriodBounds {
  const day = Math.floor(at / DAY);
  switch (period) {
    case 'daily':
      return { number: day, start: day * DAY, end: (day + 1) * DAY };
    case 'weekly': {
      // 1970 began on a Thursday: three days after the Monday of its week.
      const week = Math.floor((day + 3) / 7);
      return { number: week, start: (week * 7 - 3) * DAY, end: (week * 7 + 4) * DAY };
    }
    case 'monthly': {
      const date = new Date(at);
      const number = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
      return { number, start: Date.UTC(1970, number), end: Date.UTC(1970, number + 1) };
    }
  }
}
