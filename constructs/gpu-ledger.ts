import { App } from 'cdk8s';
import { Construct } from 'constructs';
import { devicesPerNode, type GpuPool } from './gpu-pool.ts';
import { problem } from './problem.ts';

interface Entry {
  readonly path: string;
  readonly devices: number;
  /** Asked when everything is made: what scales the workload may come after it. */
  readonly pods: () => number;
}

/**
 * Adds up what all workloads of an app ask of each GPU pool. One per app, made by whoever asks first, so that the sum is looked at
 * once, however many ask.
 */
export class GpuLedger extends Construct {
  /** The ledger of the app that a construct is in. */
  static of(construct: Construct): GpuLedger {
    const app = App.of(construct);
    const found = app.node.tryFindChild('gpu-ledger');
    return found instanceof GpuLedger ? found : new GpuLedger(app, 'gpu-ledger');
  }

  readonly #pools = new Map<string, { readonly pool: GpuPool; readonly entries: Entry[] }>();

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    this.node.addValidation({ validate: () => [...this.#pools.values()].flatMap(check) });
  }

  /** Records that up to `pods()` pods ask for `devices` devices each. */
  add(asker: Construct, pool: GpuPool, devices: number, pods: () => number): void {
    const known = this.#pools.get(pool.name) ?? { pool, entries: [] };
    known.entries.push({ path: asker.node.path, devices, pods });
    this.#pools.set(pool.name, known);
  }
}

/** Pods with many devices first: what is left of a node may still hold smaller ones. A request beyond a node is told by its asker. */
function check({ pool, entries }: { readonly pool: GpuPool; readonly entries: readonly Entry[] }): string[] {
  const capacity = devicesPerNode(pool);
  const asked = entries
    .filter(({ devices }) => devices >= 1 && devices <= capacity)
    .map(({ path, devices, pods }) => ({ path, devices, pods: pods() }))
    .sort((a, b) => b.devices - a.devices);
  const free = Array.from({ length: pool.maxNodes }, () => capacity);
  const total = asked.reduce((sum, { pods, devices }) => sum + pods * devices, 0);
  return asked.flatMap(({ path, devices, pods }) => {
    const placed = place(free, devices, pods);
    if (placed === pods) return [];
    const cure = `[${path}] finds room for ${placed} of ${pods} pods with ${devices} each, and all together ask for ${total}: raise maxNodes, or lower replicas`;
    return [problem({ path: `pools.${pool.name}`, value: `${pool.maxNodes} nodes of ${capacity}`, cure })];
  });
}

/** Takes room for pods out of what is free on each node; says for how many there was. */
function place(free: number[], devices: number, pods: number): number {
  let placed = 0;
  for (const [node, room] of free.entries()) {
    if (placed === pods) break;
    const fit = Math.min(Math.floor(room / devices), pods - placed);
    free[node] = room - fit * devices;
    placed += fit;
  }
  return placed;
}
