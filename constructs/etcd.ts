import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Storage } from './workload-props.ts';

/** Properties of {@link Etcd}. */
export interface EtcdProps extends ComponentProps {
  readonly storage: Storage;
}

/** One etcd, for a component that keeps its metadata in it. Only declared connections reach it: it asks for no password. */
export class Etcd extends Construct implements Connectable<'client' | 'metrics'> {
  readonly workload: Workload<'client' | 'metrics'>;

  constructor(scope: Construct, id: string, props: EtcdProps) {
    super(scope, id);
    const name = props.name ?? 'etcd';
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'metadata',
      kind: 'StatefulSet',
      image: props.images.get('etcd'),
      command: ['etcd'],
      args: [
        '--data-dir=/data/etcd',
        '--listen-client-urls=http://0.0.0.0:2379',
        `--advertise-client-urls=http://${name}:2379`,
        '--listen-metrics-urls=http://0.0.0.0:2381',
        '--quota-backend-bytes=2147483648',
        '--auto-compaction-mode=revision',
        '--auto-compaction-retention=1000',
      ],
      ports: { client: { number: 2379 }, metrics: { number: 2381, metrics: '/metrics' } },
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      probes: probes({
        ready: { http: '/health?serializable=false', port: 2381 },
        live: { http: '/health?serializable=true', port: 2381 },
      }),
    });
  }
}
