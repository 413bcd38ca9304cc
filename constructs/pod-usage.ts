import { diskOf } from './containers.ts';
import { cpuMillis } from './cpu-millis.ts';
import type { Resources, WorkloadProps } from './workload-props.ts';

/** What one pod of a workload may take. */
export interface PodUsage {
  /** In thousandths of a core: the limit, or the request where there is none. */
  readonly cpu: number;
  /** In MiB. */
  readonly memory: number;
  /** Claims, in MiB. */
  readonly storage: number;
  /** Disk of the node, in MiB. */
  readonly disk: number;
  /** Devices by resource name. */
  readonly devices: Readonly<Record<string, number>>;
}

/** What the containers that run together take, and at least what the largest init container takes before them. */
export function podUsage(props: WorkloadProps): PodUsage {
  const running = [props.resources, ...(props.sidecars ?? []).map(({ resources }) => resources)];
  const before = (props.init ?? []).map(({ resources }) => resources);
  const most = (of: (resources: Resources) => number) =>
    Math.max(
      running.reduce((sum, each) => sum + of(each), 0),
      ...before.map(of),
    );
  const devices: Record<string, number> = {};
  for (const each of running) {
    for (const [name, count] of Object.entries(each.devices ?? {})) devices[name] = (devices[name] ?? 0) + count;
  }
  const sidecarDisk = (props.sidecars ?? []).reduce((sum, { resources }) => sum + diskOf(resources).toMebibytes(), 0);
  return {
    cpu: most(({ cpu }) => cpuMillis(cpu.limit ?? cpu.request)),
    memory: most(({ memory }) => memory.limit.toMebibytes({})),
    storage: (props.claims ?? []).reduce((sum, { size }) => sum + size.toMebibytes(), 0),
    disk: diskOf(props.resources, props).toMebibytes() + sidecarDisk,
    devices,
  };
}
