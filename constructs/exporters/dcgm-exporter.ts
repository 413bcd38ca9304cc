import { Construct } from 'constructs';
import { type ComponentProps, common } from '../component.ts';
import { probes } from '../probes.ts';
import { type Connectable, Workload } from '../workload.ts';

/** Properties of {@link DcgmExporter}. */
export interface DcgmExporterProps extends ComponentProps {
  /**
   * Name of the RuntimeClass that shows the driver's devices to a container without giving it one. @default 'nvidia'
   */
  readonly runtimeClass?: string;
  /**
   * Tells which pod has which GPU. The kubelet says so on a socket of root's alone, so the exporter then runs as root, and has to
   * be in a namespace of node agents. @default false
   */
  readonly pods?: boolean;
}

/** Where the kubelet tells which pod has which device. */
const podResources = '/var/lib/kubelet/pod-resources';

/** Use, memory, temperature and errors of each GPU. It meets the restricted Pod Security Standard unless it tells pods apart. */
export class DcgmExporter extends Construct implements Connectable<'http'> {
  readonly workload: Workload<'http'>;

  constructor(scope: Construct, id: string, props: DcgmExporterProps) {
    super(scope, id);
    this.workload = new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'dcgm-exporter',
      component: 'monitoring',
      kind: 'DaemonSet',
      image: props.images.get('dcgm-exporter'),
      ports: { http: { number: 9400, metrics: '/metrics' } },
      env: {
        DCGM_EXPORTER_LISTEN: ':9400',
        DCGM_EXPORTER_KUBERNETES: String(props.pods === true),
        // All of them, to look at: it requests none, so every one stays free for work.
        NVIDIA_VISIBLE_DEVICES: 'all',
        NVIDIA_DRIVER_CAPABILITIES: 'utility',
      },
      ...(props.pods && {
        host: {
          folders: [{ name: 'pod-resources', hostPath: podResources, path: podResources }],
          root: true,
        },
      }),
      placement: {
        nodeSelector: { 'nvidia.com/gpu.present': 'true' },
        tolerations: [{ key: 'nvidia.com/gpu' }],
        runtimeClass: props.runtimeClass ?? 'nvidia',
        ...props.placement,
      },
      probes: probes({ ready: { http: '/health', port: 9400 }, live: { tcp: 9400 } }),
    });
  }
}
