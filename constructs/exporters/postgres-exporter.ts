import { Construct } from 'constructs';
import { type ComponentProps, common } from '../component.ts';
import type { Connections } from '../connections.ts';
import { probes } from '../probes.ts';
import { type Connectable, Workload } from '../workload.ts';

/** Properties of {@link PostgresExporter}. */
export interface PostgresExporterProps extends ComponentProps {
  readonly target: Connectable<'postgres'>;
  readonly connections: Connections;
  /** How the server is asked for TLS. @default 'prefer' */
  readonly tls?: 'disable' | 'prefer' | 'require' | 'verify-full';
}

const secrets = '/etc/postgres-exporter';

/** Connections, locks, sizes and replication of a PostgreSQL. */
export class PostgresExporter extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: PostgresExporterProps) {
    super(scope, id);
    const postgres = props.target.workload;
    const port = postgres.ports.postgres;
    const { credentials } = port;
    const keys = credentials?.forClients ?? {};
    const name = props.name ?? `${postgres.name}-exporter`;
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name,
      component: 'monitoring',
      // Two would count everything twice.
      kind: 'StatefulSet',
      image: props.images.get('postgres-exporter'),
      args: ['--web.listen-address=:9187', '--collector.long_running_transactions'],
      ports: { http: { number: 9187, metrics: '/metrics' } },
      env: {
        // A file each: nothing that lists a process's variables shows them.
        DATA_SOURCE_USER_FILE: `${secrets}/user`,
        DATA_SOURCE_PASS_FILE: `${secrets}/password`,
      },
      ...(credentials && {
        secrets: [
          {
            path: secrets,
            credentials,
            items: { [keys.USER ?? 'user']: 'user', [keys.PASSWORD ?? 'password']: 'password' },
          },
        ],
      }),
      probes: probes({ ready: { http: '/', port: 9187 }, live: { tcp: 9187 } }),
    });
    const address = `${postgres.hostFor(this.workload)}:${port.number}${port.path ?? '/postgres'}`;
    this.workload.setEnv('DATA_SOURCE_URI', `${address}?sslmode=${props.tls ?? 'prefer'}`);
    props.connections.connect(this, props.target, 'postgres', { env: false });
    if (credentials === undefined) {
      this.workload.report({
        path: 'target',
        value: postgres.name,
        cure: 'its port "postgres" has no credentials: the exporter needs a user and a password',
      });
    }
    if (postgres.namespace.name !== this.workload.namespace.name) {
      this.workload.report({
        path: 'target',
        value: postgres.namespace.name,
        cure: 'make the exporter in the namespace of its server, where the Secret is',
      });
    }
  }
}
