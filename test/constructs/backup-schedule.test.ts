import { describe, expect, it } from '@jest/globals';
import { checkRecurrence, cronOf, minutesBetween } from '../../constructs/backup-schedule.ts';
import { Duration, type Recurrence } from '../../constructs/index.ts';

describe('recurrences', () => {
  it.each<[Recurrence, string, number]>([
    [{ every: Duration.minutes(10) }, '*/10 * * * *', 10],
    [{ every: Duration.hours(6) }, '0 */6 * * *', 360],
    [{ every: Duration.days(1) }, '0 0 * * *', 1440],
    [{ daily: '02:30' }, '30 2 * * *', 1440],
    [{ weekly: 'saturday', at: '03:05' }, '5 3 * * 6', 10_080],
  ])('%j', (recurrence, cron, minutes) => {
    expect([cronOf(recurrence), minutesBetween(recurrence)]).toEqual([cron, minutes]);
    expect(checkRecurrence(recurrence, 'schedule')).toEqual([]);
  });

  it.each<[Recurrence, string]>([
    [{ every: Duration.minutes(25) }, 'schedule.every'],
    [{ every: Duration.minutes(90) }, 'schedule.every'],
    [{ every: Duration.hours(5) }, 'schedule.every'],
    [{ daily: '24:00' }, 'schedule.daily'],
    [{ weekly: 'monday', at: '2:00' }, 'schedule.at'],
  ])('refuse %j', (recurrence, path) => {
    expect(checkRecurrence(recurrence, 'schedule').map((found) => found.path)).toEqual([path]);
  });
});
