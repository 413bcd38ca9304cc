import { setTimeout as delay } from 'node:timers/promises';
import { type Kubectl, kubectl } from '../cluster/kubectl.ts';

/** On a controller that rests: how many replicas it had. */
export const restingReplicas = 'keelson.dev/resting-replicas';

/** Pods of jobs that are done hold no memory. */
const unfinished = ['--field-selector', 'status.phase!=Succeeded,status.phase!=Failed'] as const;

/** A Deployment or StatefulSet as far as resting goes. */
export interface Controller {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly namespace: string;
  readonly name: string;
  readonly platform: string;
  readonly replicas: number;
  /** Replicas that it had before it was put to rest; absent while it runs. */
  readonly before?: number;
}

interface ControllerList {
  readonly items: readonly {
    readonly kind: Controller['kind'];
    readonly metadata: {
      readonly namespace: string;
      readonly name: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
    readonly spec: { readonly replicas?: number };
  }[];
}

/** The controllers of platforms, from `kubectl get deployments,statefulsets -o json`. */
export function controllersIn(json: string): readonly Controller[] {
  // What the API server sends for a list of them.
  const { items } = JSON.parse(json) as ControllerList;
  return items.flatMap(({ kind, metadata, spec }) => {
    const platform = metadata.labels?.['app.kubernetes.io/part-of'];
    const before = metadata.annotations?.[restingReplicas];
    // Who manages it is no help: Pulumi's provider writes its own name there.
    if (platform === undefined) return [];
    const { namespace, name } = metadata;
    const replicas = spec.replicas ?? 1;
    return [{ kind, namespace, name, platform, replicas, ...(before !== undefined && { before: Number(before) }) }];
  });
}

/** What has to change so that one platform runs and all others rest: the replicas of a controller, and what is to be remembered. */
export interface Change {
  readonly controller: Controller;
  readonly replicas: number;
  /** Replicas to come back to; `null` when it no longer rests. */
  readonly before: number | null;
}

/** The changes that leave only one platform running. */
export function changesFor(platform: string, controllers: readonly Controller[]): readonly Change[] {
  return controllers.flatMap((controller): Change[] => {
    if (controller.platform === platform) {
      return controller.before === undefined ? [] : [{ controller, replicas: controller.before, before: null }];
    }
    if (controller.replicas === 0) return [];
    return [{ controller, replicas: 0, before: controller.before ?? controller.replicas }];
  });
}

/**
 * Puts every other platform of the cluster to rest, and wakes this one: a machine has memory for one. Volumes and all other objects
 * stay, and an autoscaler leaves alone what has no replicas.
 *
 * @returns names of the platforms that were put to rest
 */
export async function rest(at: Kubectl, platform: string, seconds = 120): Promise<readonly string[]> {
  const list = async (): Promise<readonly Controller[]> =>
    controllersIn(await kubectl(at, ['get', 'deployments,statefulsets', '--all-namespaces', '-o', 'json']));
  const changes = changesFor(platform, await list());
  for (const { controller, replicas, before } of changes) {
    const annotations = { [restingReplicas]: before === null ? null : String(before) };
    const patch = JSON.stringify({ metadata: { annotations }, spec: { replicas } });
    const { kind, namespace, name } = controller;
    await kubectl(at, ['patch', kind.toLowerCase(), name, '--namespace', namespace, '--type=merge', '-p', patch]);
  }
  const resting = [
    ...new Set(changes.filter(({ replicas }) => replicas === 0).map(({ controller }) => controller.platform)),
  ];
  // Their memory is free when their pods are gone.
  const selector = `app.kubernetes.io/part-of in (${resting.join(',')})`;
  const deadline = Date.now() + seconds * 1000;
  while (resting.length > 0) {
    const left = await kubectl(at, ['get', 'pods', '--all-namespaces', '-l', selector, ...unfinished, '-o', 'name']);
    if (left.trim() === '') break;
    if (Date.now() > deadline) throw new Error(`still there after ${seconds} s: ${left.trim().replaceAll('\n', ', ')}`);
    await delay(300);
  }
  return resting;
}
