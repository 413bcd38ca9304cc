import { describe, expect, it } from '@jest/globals';
import { BackupMetrics, Size } from '../../constructs/index.ts';
import { bench, containerOf, podOf, small } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

describe('BackupMetrics', () => {
  it('keeps what jobs left, and is scraped like any other target', () => {
    const on = bench();
    const made = new BackupMetrics(on.namespace, 'metrics', {
      images: on.images,
      resources: small,
      storage: { size: Size.gibibytes(1) },
    });
    expect(made.workload.ports.http).toEqual({ number: 9091, metrics: '/metrics' });
    const manifests = on.synth();
    expect(containerOf(manifests, 'backup-metrics').args).toContain('--persistence.file=/data/metrics');
    expect(restrictedViolations(podOf(manifests, 'backup-metrics'))).toEqual([]);
  });
});
