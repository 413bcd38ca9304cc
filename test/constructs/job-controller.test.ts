import { describe, expect, it } from '@jest/globals';
import { at } from '../../constructs/bridge/manifest.ts';
import { Duration, Workload, type WorkloadProps } from '../../constructs/index.ts';
import { bench, object, objects, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

function job(more: Partial<WorkloadProps> = {}) {
  const on = bench();
  const made = new Workload(on.namespace, 'job', {
    name: 'migrate',
    component: 'database',
    kind: 'Job',
    run: { timeout: Duration.minutes(10) },
    image: on.images.get('curl'),
    command: ['true'],
    ports: {},
    resources: small,
    ...more,
  });
  return { ...on, made };
}

describe('a workload that comes to an end', () => {
  it('runs once, hardened like all others, with no service in front of it', () => {
    const manifests = job().synth();
    const { spec } = object(manifests, 'Job', 'migrate');
    expect(spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 600 });
    expect(at(spec, 'template', 'spec', 'restartPolicy')).toBe('Never');
    expect(restrictedViolations(podOf(manifests, 'migrate'))).toEqual([]);
    expect(objects(manifests, 'Service')).toEqual([]);
    expect(objects(manifests, 'NetworkPolicy').map(({ metadata }) => metadata.name)).toContain('migrate');
  });

  it('runs on a schedule, one at a time', () => {
    const run = {
      timeout: Duration.minutes(10),
      attempts: 1,
      schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin' },
    };
    const { spec } = object(job({ run }).synth(), 'CronJob', 'migrate');
    expect(spec).toMatchObject({ schedule: '0 3 * * *', timeZone: 'Europe/Berlin', concurrencyPolicy: 'Forbid' });
    expect(at(spec, 'jobTemplate', 'spec', 'backoffLimit')).toBe(0);
    expect(at(spec, 'jobTemplate', 'spec', 'template', 'metadata', 'labels', 'app')).toBe('migrate');
  });

  it('can be the source of a connection, and says that nobody can reach it', () => {
    const on = job();
    expect(() => on.made.service).toThrow(/ports is \{\}: it listens on no port/);
  });

  it('is the only kind without probes, and needs to know how it runs', () => {
    expect(synthError(job({ kind: 'Deployment' }).synth)).toMatch(
      /probes is null[\s\S]*run is "given": kind 'Job' needs it/,
    );
  });
});
