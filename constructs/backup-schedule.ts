import type { Duration } from 'cdk8s';
import type { Problem } from './problem.ts';

/** When something runs again and again. */
export type Recurrence =
  /** Evenly over the hour or the day: the time has to divide one of them. */
  | { readonly every: Duration }
  /** Once a day, in UTC, for example `02:30`. */
  | { readonly daily: string }
  /** Once a week, in UTC. */
  | {
      readonly weekly: 'sunday' | 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday';
      readonly at: string;
    };

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** In the notation of cron. */
export function cronOf(recurrence: Recurrence): string {
  if ('every' in recurrence) {
    const minutes = recurrence.every.toMinutes();
    if (minutes < 60) return `*/${minutes} * * * *`;
    return minutes === 1440 ? '0 0 * * *' : `0 */${minutes / 60} * * *`;
  }
  const [hour = '0', minute = '0'] = ('daily' in recurrence ? recurrence.daily : recurrence.at).split(':');
  const day = 'weekly' in recurrence ? days.indexOf(recurrence.weekly) : '*';
  return `${Number(minute)} ${Number(hour)} * * ${day}`;
}

/** Longest time between two runs, in minutes. */
export function minutesBetween(recurrence: Recurrence): number {
  if ('every' in recurrence) return recurrence.every.toMinutes();
  return 'daily' in recurrence ? 1440 : 1440 * 7;
}

/** What a recurrence gets wrong. */
export function checkRecurrence(recurrence: Recurrence, path: string): readonly Problem[] {
  if ('every' in recurrence) {
    const minutes = recurrence.every.toMinutes({ integral: false });
    const fits =
      Number.isInteger(minutes) &&
      minutes >= 1 &&
      (minutes < 60 ? 60 % minutes === 0 : minutes % 60 === 0 && 1440 % minutes === 0);
    if (fits) return [];
    return [
      {
        path: `${path}.every`,
        value: `${minutes} minutes`,
        cure: 'use minutes that divide an hour, or hours that divide a day',
      },
    ];
  }
  const time = 'daily' in recurrence ? recurrence.daily : recurrence.at;
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return [];
  return [
    {
      path: `${path}.${'daily' in recurrence ? 'daily' : 'at'}`,
      value: time,
      cure: 'write hours and minutes as 02:30',
    },
  ];
}
