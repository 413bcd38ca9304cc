import { Construct } from 'constructs';
import { type ComponentProps, common } from '../component.ts';
import type { Connections } from '../connections.ts';
import { probes } from '../probes.ts';
import { type Connectable, Workload } from '../workload.ts';

/** Properties of {@link RedisExporter}. */
export interface RedisExporterProps extends ComponentProps {
  readonly target: Connectable<'redis'>;
  readonly connections: Connections;
}

/** Memory, hits and misses, clients and replication of a Redis. */
export class RedisExporter extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: RedisExporterProps) {
    super(scope, id);
    const redis = props.target.workload;
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? `${redis.name}-exporter`,
      component: 'monitoring',
      // Two would count everything twice.
      kind: 'StatefulSet',
      image: props.images.get('redis-exporter'),
      args: ['--web.listen-address=:9121', '--redis-only-metrics=false', '--include-system-metrics'],
      ports: { http: { number: 9121, metrics: '/metrics' } },
      probes: probes({ ready: { http: '/health', port: 9121 }, live: { tcp: 9121 } }),
    });
    // The exporter reads REDIS_ADDR, and the password beside it from REDIS_PASSWORD.
    const { redis: port } = redis.ports;
    this.workload.setEnv('REDIS_ADDR', `${port.scheme ?? 'redis'}://${redis.hostFor(this.workload)}:${port.number}`);
    props.connections.connect(this, props.target, 'redis', { env: 'REDIS_URL' });
  }
}
