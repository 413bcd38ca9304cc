import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Properties of {@link BackupMetrics}. */
export interface BackupMetricsProps extends ComponentProps {
  /** Keeps the measurements while the pod is away. */
  readonly storage: Storage;
}

/**
 * A Pushgateway: jobs end before anybody could ask them, so they leave here what they measured. One does for all backups of a platform;
 * Prometheus scrapes it like any other target.
 */
export class BackupMetrics extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: BackupMetricsProps) {
    super(scope, id);
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'backup-metrics',
      component: 'monitoring',
      kind: 'StatefulSet',
      image: props.images.get('pushgateway'),
      command: ['pushgateway'],
      args: ['--web.listen-address=:9091', '--persistence.file=/data/metrics', '--persistence.interval=1m'],
      ports: { http: { number: 9091, metrics: '/metrics' } },
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      probes: probes({ ready: { http: '/-/ready', port: 9091 }, live: { http: '/-/healthy', port: 9091 } }),
    });
  }
}
