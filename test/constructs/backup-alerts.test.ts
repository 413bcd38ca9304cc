import { describe, expect, it } from '@jest/globals';
import { backupAlerts, Duration } from '../../constructs/index.ts';

describe('alerts of a backup', () => {
  const objectives = { recoveryPoint: Duration.minutes(15), recoveryTime: Duration.hours(1) };

  it('each look at one backup, and have the promise as their threshold', () => {
    const { rules, name } = backupAlerts('vectors', objectives, Duration.days(1));
    expect(name).toBe('vectors-backup');
    for (const { expr } of rules) expect(expr).toContain('{backup="vectors"}');
    const thresholds = Object.fromEntries(rules.map((rule) => [rule.name, rule.expr.split(' > ')[1]]));
    expect(thresholds).toMatchObject({
      BackupTooOld: '900',
      RecoveryTimeMissed: '3600',
      RestoreDrillOverdue: '172800',
    });
  });
});
