import type { Duration } from 'cdk8s';
import { Construct } from 'constructs';
import type { AlertGroup } from './alert-rules.ts';
import { Alertmanager, type Receiver } from './alertmanager.ts';
import type { ClusterAddresses } from './cluster-access.ts';
import type { Connections } from './connections.ts';
import { DcgmExporter } from './exporters/dcgm-exporter.ts';
import { KubeStateMetrics } from './exporters/kube-state-metrics.ts';
import { NodeExporter } from './exporters/node-exporter.ts';
import { PostgresExporter } from './exporters/postgres-exporter.ts';
import { RedisExporter } from './exporters/redis-exporter.ts';
import { Grafana } from './grafana.ts';
import type { Images } from './images.ts';
import type { Namespace } from './namespace.ts';
import { Prometheus } from './prometheus.ts';
import type { Connectable } from './workload.ts';
import type { Resources, Storage } from './workload-props.ts';

/** A part of the monitoring that keeps data. */
export interface MonitoringStore {
  readonly resources: Resources;
  readonly storage: Storage;
}

/** Properties of {@link Monitoring}. */
export interface MonitoringProps {
  readonly images: Images;
  readonly connections: Connections;
  readonly prometheus: MonitoringStore & {
    /** How long samples are kept. @default - 15 days */
    readonly retention?: Duration;
  };
  readonly alertmanager: MonitoringStore & { readonly receivers: readonly Receiver[] };
  /** @default - none: Prometheus answers queries itself */
  readonly grafana?: MonitoringStore & {
    readonly adminPassword: string;
    readonly dashboards?: Readonly<Record<string, string>>;
    readonly url?: string;
  };
  /** Size of each exporter. */
  readonly exporter: Resources;
  /** Workloads that have metrics of their own. */
  readonly targets: readonly Connectable[];
  /** @default - those on targets and on the monitoring itself */
  readonly alerts?: readonly AlertGroup[];
  /** Redis servers to export. @default - none */
  readonly redis?: readonly Connectable<'redis'>[];
  /** PostgreSQL servers to export. @default - none */
  readonly postgres?: readonly Connectable<'postgres'>[];
  /** State of the platform's objects, and use of CPU and memory by container. @default - neither */
  readonly cluster?: {
    readonly addresses: ClusterAddresses;
    /** Namespaces that belong to the platform. */
    readonly namespaces: readonly Namespace[];
  };
  /** Counters of the nodes, in a namespace of node agents. @default - none */
  readonly agents?: {
    readonly namespace: Namespace;
    /** Whether nodes have GPUs. */
    readonly gpu: boolean;
  };
  /** Name of a PriorityClass that exists in the cluster. @default - the cluster's default */
  readonly priorityClass?: string;
}

/** All of a platform's monitoring, wired. Make it last: what it watches has to exist. */
export class Monitoring extends Construct {
  readonly prometheus: Prometheus;
  readonly alertmanager: Alertmanager;
  readonly grafana: Grafana | undefined;
  readonly exporters: readonly Connectable<'http'>[];

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { images, connections, cluster, agents } = props;
    const base = { images, connections, ...(props.priorityClass && { priorityClass: props.priorityClass }) };
    const small = { ...base, resources: props.exporter };
    this.alertmanager = new Alertmanager(this, 'alertmanager', { ...base, ...props.alertmanager });
    this.exporters = [
      ...(props.redis ?? []).map(
        (target) => new RedisExporter(this, `${target.workload.name}-exporter`, { ...small, target }),
      ),
      ...(props.postgres ?? []).map(
        (target) => new PostgresExporter(this, `${target.workload.name}-exporter`, { ...small, target }),
      ),
      ...(cluster
        ? [
            new KubeStateMetrics(this, 'kube-state-metrics', {
              ...small,
              cluster: cluster.addresses,
              namespaces: cluster.namespaces,
            }),
          ]
        : []),
      ...(agents ? [new NodeExporter(agents.namespace, 'node-exporter', small)] : []),
      ...(agents?.gpu ? [new DcgmExporter(agents.namespace, 'dcgm-exporter', small)] : []),
    ];
    this.prometheus = new Prometheus(this, 'prometheus', {
      ...base,
      ...props.prometheus,
      targets: [...props.targets, ...this.exporters],
      alertmanager: this.alertmanager,
      ...(props.alerts && { alerts: props.alerts }),
      ...(cluster && {
        kubelets: { addresses: cluster.addresses, namespaces: cluster.namespaces.map(({ name }) => name) },
      }),
    });
    this.grafana =
      props.grafana && new Grafana(this, 'grafana', { ...base, ...props.grafana, prometheus: this.prometheus });
    if (this.grafana) connections.scrape(this.prometheus, this.grafana);
  }
}
