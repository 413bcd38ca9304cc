import { Duration } from 'cdk8s';
import type { AlertGroup } from './alert-rules.ts';

/** What a backup promises. */
export interface BackupObjectives {
  /** What may be lost: the age of the newest backup at the worst moment. */
  readonly recoveryPoint: Duration;
  /** How long it may take until the data can be used again. */
  readonly recoveryTime: Duration;
}

/** Alerts on a backup and its drill, from what they measured. */
export function backupAlerts(
  name: string,
  { recoveryPoint, recoveryTime }: BackupObjectives,
  drillEvery: Duration,
): AlertGroup {
  const of = (metric: string) => `${metric}{backup="${name}"}`;
  return {
    name: `${name}-backup`,
    rules: [
      {
        name: 'BackupMissing',
        expr: `absent(${of('backup_last_success_timestamp_seconds')})`,
        for: recoveryPoint,
        severity: 'critical',
        job: name,
        summary: `${name} has never been backed up`,
      },
      {
        name: 'BackupTooOld',
        expr: `time() - ${of('backup_last_success_timestamp_seconds')} > ${recoveryPoint.toSeconds()}`,
        for: Duration.minutes(1),
        severity: 'critical',
        job: name,
        summary: `The newest backup of ${name} is older than ${recoveryPoint.toMinutes()} minutes, which may be lost at most`,
      },
      {
        name: 'RestoreDrillFailed',
        expr: `${of('backup_drill_success')} == 0`,
        for: Duration.minutes(1),
        severity: 'critical',
        job: name,
        summary: `The newest backup of ${name} could not be restored`,
      },
      {
        name: 'RestoreDrillOverdue',
        expr: `time() - ${of('backup_drill_timestamp_seconds')} > ${drillEvery.toSeconds() * 2}`,
        for: Duration.minutes(10),
        severity: 'warning',
        job: name,
        summary: `Nobody knows whether the backups of ${name} can be restored: the last drill is too long ago`,
      },
      {
        name: 'RecoveryPointMissed',
        expr: `${of('backup_drill_recovery_point_seconds')} > ${recoveryPoint.toSeconds()}`,
        for: Duration.minutes(1),
        severity: 'critical',
        job: name,
        summary: `A restore of ${name} would have lost more than ${recoveryPoint.toMinutes()} minutes`,
      },
      {
        name: 'RecoveryTimeMissed',
        expr: `${of('backup_drill_recovery_time_seconds')} > ${recoveryTime.toSeconds()}`,
        for: Duration.minutes(1),
        severity: 'critical',
        job: name,
        summary: `A restore of ${name} takes longer than ${recoveryTime.toMinutes()} minutes`,
      },
    ],
  };
}
