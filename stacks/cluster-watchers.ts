import type { Chart } from 'cdk8s';
import {
  type ClusterAddresses,
  type Connectable,
  type Connections,
  Cpu,
  DcgmExporter,
  type Images,
  KubeStateMetrics,
  Namespace,
  NodeExporter,
  nodeAgents,
  type PriorityClasses,
  type Resources,
  Size,
} from '../constructs/index.ts';
import type { Environment } from './environments.ts';
import type { Platform } from './platforms/platform.ts';
import { componentsIn } from './where.ts';

interface WatcherProps {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly images: Images;
  readonly connections: Connections;
  readonly priorities: PriorityClasses;
  readonly namespaces: readonly Namespace[];
}

const sized = (millis: number, memory: number): Resources => ({
  cpu: { request: Cpu.millis(millis) },
  memory: { request: Size.mebibytes(memory), limit: Size.mebibytes(memory) },
});

/** Addresses of the environment's cluster; undefined where its own agents watch it. */
export function addressesOf({ cloud, clusterCidr }: Environment): ClusterAddresses | undefined {
  if (cloud.kind !== 'aws' || clusterCidr === undefined) return undefined;
  // Private endpoint: the API server answers inside the network, as the nodes do.
  return { apiServer: { cidr: clusterCidr, port: 443 }, nodes: clusterCidr };
}

/**
 * What watches the cluster on behalf of a platform: its objects, its nodes and their GPUs. Prometheus, which has to be made after
 * this, scrapes them.
 */
export function watchCluster(chart: Chart, props: WatcherProps): ReadonlyMap<string, Connectable> {
  const { platform, environment, images, connections, priorities, namespaces } = props;
  const cluster = addressesOf(environment);
  const home = platform.namespaces.find(({ components }) => components.some(({ kind }) => kind === 'prometheus'));
  const scope = namespaces.find(({ name }) => name === home?.name);
  if (cluster === undefined || scope === undefined) return new Map();
  const { hardening } = environment;
  const hasGpus = componentsIn(platform, environment).some(({ component }) => 'gpu' in component);
  const agents = new Namespace(chart, nodeAgents, {
    name: `${platform.name}-${nodeAgents}`,
    platform: platform.name,
    ...(hardening && { hardening }),
  });
  const common = { images, connections, priorityClass: priorities.name('monitoring') };
  return new Map<string, Connectable>([
    [
      'kube-state-metrics',
      new KubeStateMetrics(scope, 'kube-state-metrics', { ...common, cluster, namespaces, resources: sized(50, 128) }),
    ],
    ['node-exporter', new NodeExporter(agents, 'node-exporter', { ...common, resources: sized(50, 64) })],
    ...(hasGpus
      ? ([
          ['dcgm-exporter', new DcgmExporter(agents, 'dcgm-exporter', { ...common, resources: sized(100, 512) })],
        ] as const)
      : []),
  ]);
}
