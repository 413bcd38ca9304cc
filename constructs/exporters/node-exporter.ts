import { Construct } from 'constructs';
import { type ComponentProps, common } from '../component.ts';
import { probes } from '../probes.ts';
import { type Connectable, Workload } from '../workload.ts';

/** Properties of {@link NodeExporter}. */
export type NodeExporterProps = ComponentProps;

/**
 * Counters of each node: CPU, memory, disks. Make it in a namespace of node agents: it reads folders of the node.
 *
 * It stays out of the node's network, so it tells nothing about the node's network cards; traffic of pods comes from the
 * kubelets.
 */
export class NodeExporter extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: NodeExporterProps) {
    super(scope, id);
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'node-exporter',
      component: 'monitoring',
      kind: 'DaemonSet',
      image: props.images.get('node-exporter'),
      args: [
        '--path.procfs=/host/proc',
        '--path.sysfs=/host/sys',
        '--path.rootfs=/host/root',
        '--web.listen-address=:9100',
        '--no-collector.netclass',
        '--no-collector.netdev',
        '--no-collector.netstat',
        '--no-collector.sockstat',
        '--no-collector.softnet',
        '--no-collector.arp',
        '--no-collector.conntrack',
        // Mounts of pods come and go by the hundred, and are counted by the kubelet.
        '--collector.filesystem.mount-points-exclude=^/(dev|proc|run/containerd/.+|sys|var/lib/kubelet/.+|var/lib/containerd/.+)($|/)',
      ],
      ports: { http: { number: 9100, metrics: '/metrics' } },
      host: {
        folders: [
          { name: 'proc', hostPath: '/proc', path: '/host/proc' },
          { name: 'sys', hostPath: '/sys', path: '/host/sys' },
          { name: 'root', hostPath: '/', path: '/host/root' },
        ],
      },
      placement: { tolerations: everyTaint, ...props.placement },
      probes: probes({ ready: { http: '/', port: 9100 }, live: { tcp: 9100 } }),
    });
  }
}

/** Nodes for GPUs are tainted, and have disks and memory like others. */
const everyTaint = [{ key: 'nvidia.com/gpu' }] as const;
