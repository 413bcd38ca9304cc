import { setTimeout as delay } from 'node:timers/promises';
import { type Kubectl, kubectl } from '../cluster/kubectl.ts';

/** A pod as far as readiness goes. */
export interface PodState {
  readonly namespace: string;
  readonly name: string;
  readonly ready: boolean;
  /** Why not, in Kubernetes' own words. */
  readonly reason: string;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly name: string; readonly deletionTimestamp?: string };
    readonly status: {
      readonly phase: string;
      readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
      readonly containerStatuses?: readonly {
        readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
      }[];
    };
  }[];
}

/** The state of each pod that is meant to run, from `kubectl get pods -o json`; finished jobs are left out. */
export function podStates(json: string): readonly PodState[] {
  // What the API server sends for a list of pods.
  const { items } = JSON.parse(json) as PodList;
  return items
    .filter(({ status }) => status.phase !== 'Succeeded')
    .map(({ metadata, status }) => {
      const condition = status.conditions?.find(({ type }) => type === 'Ready');
      const waiting = status.containerStatuses
        ?.map(({ state }) => state?.waiting?.reason)
        .find((reason) => reason !== undefined);
      return {
        namespace: metadata.namespace,
        name: metadata.name,
        ready: condition?.status === 'True' && metadata.deletionTimestamp === undefined,
        reason: waiting ?? condition?.message ?? status.phase,
      };
    });
}

/**
 * All pods.
 *
 * @param namespaces - only those in these ones. @default - all namespaces
 */
export async function allPods(at: Kubectl, namespaces?: readonly string[]): Promise<readonly PodState[]> {
  const list = await kubectl(at, ['get', 'pods', '--all-namespaces', '-o', 'json', '--request-timeout=10s']);
  return podStates(list).filter(({ namespace }) => namespaces?.includes(namespace) ?? true);
}

/**
 * Waits until every pod is ready.
 *
 * @param onWait - called with those that are not, whenever they change
 * @param namespaces - waits for those in these ones only. @default - all namespaces
 * @throws Error naming the pods that are not ready in time, each with the reason
 */
export async function untilPodsAreReady(
  at: Kubectl,
  seconds: number,
  onWait: (open: readonly PodState[]) => void,
  namespaces?: readonly string[],
): Promise<number> {
  const deadline = Date.now() + seconds * 1000;
  let shown = '';
  for (;;) {
    const pods = await allPods(at, namespaces);
    const open = pods.filter(({ ready }) => !ready);
    if (pods.length > 0 && open.length === 0) return pods.length;
    const text = open.map(({ namespace, name, reason }) => `${namespace}/${name} (${reason})`).join(', ');
    if (Date.now() > deadline)
      throw new Error(`not ready after ${seconds} s: ${text}; see kubectl describe pod and kubectl logs`);
    if (text !== shown) onWait(open);
    shown = text;
    await delay(400);
  }
}
