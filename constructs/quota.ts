import { Lazy, type Size } from 'cdk8s';
import type { Cpu } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { kubeObject, platformLabels } from './cluster-object.ts';
import { cpuMillis } from './cpu-millis.ts';
import { Namespace } from './namespace.ts';
import type { PodUsage } from './pod-usage.ts';
import { SharedClaim } from './shared-claim.ts';
import { Workload } from './workload.ts';

/** What pods that no construct makes may take: those of an operator, or of a person. */
export interface QuotaReserve {
  readonly cpu?: Cpu;
  readonly memory?: Size;
  readonly storage?: Size;
  readonly pods?: number;
  /** Devices by resource name. */
  readonly devices?: Readonly<Record<string, number>>;
}

/** Properties of {@link Quota}. */
export interface QuotaProps {
  /**
   * How much more than all workloads at their largest may be taken, as a share of each, and at least one pod of each: room for
   * rollouts, in which old and new pods run side by side. @default 0.5
   */
  readonly headroom?: number;
  /** @default - nothing */
  readonly reserve?: QuotaReserve;
}

/**
 * Bounds what a namespace can take: the sum of its workloads at their largest, and room for rollouts. What escapes its
 * autoscaler, or is started by hand, ends there. Containers that say nothing get modest sizes.
 */
export class Quota extends Construct {
  constructor(scope: Construct, id: string, props: QuotaProps = {}) {
    super(scope, id);
    const namespace = Namespace.of(this);
    const labels = platformLabels(namespace.platform);
    const object = (kind: string, fields: object) => {
      const made = kubeObject(this, kind.toLowerCase(), {
        apiVersion: 'v1',
        kind,
        name: 'quota',
        namespace: namespace.name,
        labels,
        fields,
      });
      made.addDependency(...namespace.foundations);
    };
    // Workloads are made, and scaled, after this: the sum is taken at synth.
    object('ResourceQuota', { spec: Lazy.any({ produce: () => ({ hard: this.#hard(namespace, props) }) }) });
    object('LimitRange', {
      spec: {
        limits: [
          {
            type: 'Container',
            defaultRequest: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '128Mi' },
            default: { cpu: '500m', memory: '256Mi', 'ephemeral-storage': '512Mi' },
          },
        ],
      },
    });
  }

  #hard(namespace: Namespace, { headroom = 0.5, reserve = {} }: QuotaProps): Record<string, string> {
    const workloads = namespace.node.findAll().filter((found) => found instanceof Workload);
    const claimed = workloads.reduce((total, { usage, scale }) => total + usage.storage * scale.max, 0);
    const shared = namespace.node
      .findAll()
      .reduce((total, found) => total + (found instanceof SharedClaim ? found.size.toMebibytes() : 0), 0);
    // A rollout adds a pod before it takes one away, however few there are.
    const grown = (of: (usage: PodUsage) => number) =>
      workloads.reduce(
        (total, { usage, scale }) => total + of(usage) * (scale.max + Math.max(1, Math.ceil(scale.max * headroom))),
        0,
      );
    const memory = `${grown(({ memory }) => memory) + (reserve.memory?.toMebibytes() ?? 0)}Mi`;
    const names = [...workloads.map(({ usage }) => usage.devices), reserve.devices ?? {}].flatMap(Object.keys);
    const devices = [...new Set(names)].sort().map((name) => {
      const count = grown((usage) => usage.devices[name] ?? 0) + (reserve.devices?.[name] ?? 0);
      return [`requests.${name}`, String(count)] as const;
    });
    return {
      'requests.cpu': `${grown(({ cpu }) => cpu) + (reserve.cpu ? cpuMillis(reserve.cpu) : 0)}m`,
      'requests.memory': memory,
      'limits.memory': memory,
      'requests.ephemeral-storage': `${grown(({ disk }) => disk) + 1024 * (reserve.pods ?? 0)}Mi`,
      'requests.storage': `${claimed + shared + (reserve.storage?.toMebibytes() ?? 0)}Mi`,
      // Some more for jobs and debugging.
      pods: String(grown(() => 1) + (reserve.pods ?? 0) + 10),
      // Ways around the gateway.
      'services.nodeports': '0',
      ...Object.fromEntries(devices),
    };
  }
}
