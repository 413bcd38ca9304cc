import { Duration, Size } from 'cdk8s';
import { Construct } from 'constructs';
import { stringify } from 'yaml';
import { type AlertGroup, renderGroup } from './alert-rules.ts';
import { type ClusterAddresses, toApiServer, toKubelets } from './cluster-access.ts';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { Namespace } from './namespace.ts';
import { monitoringAlerts, targetAlerts } from './platform-alerts.ts';
import type { Port } from './ports.ts';
import { probes } from './probes.ts';
import { containerJob, mayReadNodes } from './prometheus-kubelets.ts';
import { type Connectable, Workload } from './workload.ts';
import type { SecretFolder, Storage } from './workload-props.ts';

/** Properties of {@link Prometheus}. */
export interface PrometheusProps extends ComponentProps {
  readonly storage: Storage;
  /** How long samples are kept; the storage's size is a second bound. @default Duration.days(15) */
  readonly retention?: Duration;
  /** Workloads to scrape: every port with a metrics path. They have to exist already, so this construct is made last. */
  readonly targets: readonly Connectable[];
  readonly connections: Connections;
  /** Where alerts go. It is scraped too. @default - nowhere: alerts show in Prometheus only */
  readonly alertmanager?: Connectable<'http'>;
  /** Alerts beside those on targets and on the monitoring itself. @default - none */
  readonly alerts?: readonly AlertGroup[];
  /** @default Duration.seconds(30) */
  readonly scrapeInterval?: Duration;
  /**
   * Asks the kubelets for the CPU and memory of each container in these namespaces. It needs the right to list nodes and read
   * their metrics, and nothing else. @default - not: it has no right in the cluster
   */
  readonly kubelets?: { readonly addresses: ClusterAddresses; readonly namespaces: readonly string[] };
}

interface Job {
  readonly name: string;
  readonly host: string;
  readonly port: Port;
  readonly namespace: string;
}

/** Folder of the tokens that targets want to see, each in a folder of its own. */
const tokenFolder = '/etc/prometheus-tokens';

/** Prometheus: finds the pods of its targets by DNS, so that it needs no right in the cluster. */
export class Prometheus extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;
  /** Names of the jobs, one per target. */
  readonly jobs: readonly string[];

  constructor(scope: Construct, id: string, props: PrometheusProps) {
    super(scope, id);
    const { alertmanager } = props;
    const targets = [
      ...new Set([...props.targets, ...(alertmanager ? [alertmanager] : [])].map((target) => target.workload)),
    ];
    const jobs = targets.flatMap(jobsOf);
    this.jobs = [...new Set(jobs.map((job) => job.name))];
    const limit = props.resources.memory.limit.toMebibytes();
    const secrets = this.#tokens(jobs);
    this.workload = new Workload(this, 'workload', {
      ...(secrets.length > 0 && { secrets }),
      ...common(props),
      name: props.name ?? 'prometheus',
      component: 'monitoring',
      kind: 'StatefulSet',
      image: props.images.get('prometheus'),
      command: ['prometheus'],
      args: [
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/data',
        `--storage.tsdb.retention.time=${(props.retention ?? Duration.days(15)).toHours()}h`,
        // The head and its log come on top of the blocks that this counts.
        `--storage.tsdb.retention.size=${Math.floor(props.storage.size.toMebibytes() * 0.7)}MB`,
        '--web.listen-address=:9090',
      ],
      ports: { http: { number: 9090, metrics: '/metrics' } },
      // The collector of garbage has to work harder before the kernel kills the process.
      env: { GOMEMLIMIT: `${Math.floor(limit * 0.85)}MiB` },
      config: [
        {
          name: 'config',
          path: '/etc/prometheus',
          files: {
            'prometheus.yml': stringify(configuration(props, jobs)),
            'rules.yml': stringify(rules(props, this.jobs)),
          },
        },
      ],
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      ...(props.kubelets && { apiAccess: true }),
      tmpSize: Size.mebibytes(16),
      probes: probes({
        ready: { http: '/-/ready', port: 9090 },
        live: { http: '/-/healthy', port: 9090 },
        // After a crash it reads its log again.
        startWithin: Duration.minutes(15),
      }),
      terminationGracePeriod: Duration.seconds(120),
    });
    for (const target of targets) props.connections.scrape(this, target);
    if (alertmanager) props.connections.connect(this, alertmanager, 'http', { env: false });
    if (props.kubelets) {
      toApiServer(props.connections, this, props.kubelets.addresses);
      toKubelets(props.connections, this, props.kubelets.addresses);
      this.workload.controller.addDependency(mayReadNodes(this, this.workload));
    }
    for (const target of props.targets) {
      if (jobsOf(target.workload).length === 0) {
        this.workload.report({
          path: 'targets',
          value: target.workload.name,
          cure: 'none of its ports has a metrics path: declare one or leave it out',
        });
      }
    }
  }

  /** Tokens that targets want to see before they tell anything. */
  #tokens(jobs: readonly Job[]): readonly SecretFolder[] {
    const own = Namespace.of(this).name;
    return jobs.flatMap(({ name, port: { credentials, metricsToken }, namespace }) => {
      if (credentials === undefined || metricsToken === undefined) return [];
      const here = namespace === own ? credentials : credentials.copyTo(this, `${namespace}-${name}-token`);
      const items = { [metricsToken]: metricsToken };
      return [{ path: `${tokenFolder}/${namespace}-${name}`, credentials: here, items }];
    });
  }
}

function jobsOf(workload: Workload): Job[] {
  const host = `${workload.name}-headless.${workload.namespace.name}.svc`;
  return Object.values<Port>(workload.ports).flatMap((port) =>
    port.metrics === undefined ? [] : [{ name: workload.name, host, port, namespace: workload.namespace.name }],
  );
}

function configuration(props: PrometheusProps, jobs: readonly Job[]): object {
  const interval = `${(props.scrapeInterval ?? Duration.seconds(30)).toSeconds()}s`;
  const alertmanager = props.alertmanager?.workload;
  return {
    global: { scrape_interval: interval, evaluation_interval: interval },
    rule_files: ['/etc/prometheus/rules.yml'],
    ...(alertmanager && {
      alerting: {
        alertmanagers: [
          {
            static_configs: [
              {
                targets: [`${alertmanager.name}.${alertmanager.namespace.name}.svc:${alertmanager.ports.http.number}`],
              },
            ],
          },
        ],
      },
    }),
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: ['127.0.0.1:9090'] }] },
      ...jobs.map(({ name, host, port, namespace }, index) => ({
        job_name: jobs.findIndex((job) => job.name === name) === index ? name : `${name}-${port.number}`,
        metrics_path: port.metrics,
        ...(port.metricsToken && {
          authorization: { credentials_file: `${tokenFolder}/${namespace}-${name}/${port.metricsToken}` },
        }),
        // One address per pod: the service's own address would answer for a different pod each time.
        dns_sd_configs: [{ names: [host], type: 'A', port: port.number, refresh_interval: '15s' }],
      })),
      ...(props.kubelets ? [containerJob(props.kubelets.addresses, props.kubelets.namespaces)] : []),
    ],
  };
}

function rules(props: PrometheusProps, jobs: readonly string[]): object {
  const groups = [targetAlerts(jobs), monitoringAlerts(), ...(props.alerts ?? [])];
  return { groups: groups.map(renderGroup) };
}
