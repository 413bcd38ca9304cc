import { type ApiObject, type Duration, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import { kubeObject } from './cluster-object.ts';
import { patchRendered } from './controller.ts';
import type { Image } from './images.ts';
import { labelValue, recommendedLabels } from './labels.ts';
import type { Port } from './ports.ts';
import { wireProtocol } from './ports.ts';
import { type ArgoOptions, argoRollout } from './rollout-argo.ts';
import { checkRollout, replicasByWeight } from './rollout-checks.ts';
import type { Connectable, Workload } from './workload.ts';

/** A version of the workload that runs beside another one. */
export interface Release {
  /** Value of the pods' label `version`, for example `v1.1`. */
  readonly version: string;
  readonly image: Image;
}

/** How a new version takes the place of the old one. */
export type RolloutStrategy =
  /** Pod by pod. */
  | {
      readonly kind: 'rolling';
      /** Pods more than wanted, meanwhile. @default 1 */
      readonly surge?: number;
      /** Pods fewer than wanted, meanwhile. @default 0 */
      readonly unavailable?: number;
      /** How long a pod has to be ready before the next one follows. @default - not at all */
      readonly settle?: Duration;
    }
  /**
   * Two versions side by side, and a service that selects one of them. Going back is one change of the selector:
   * `kubectl patch service <name> -p '{"spec":{"selector":{"version":"v1.0"}}}'`.
   */
  | {
      readonly kind: 'blue-green';
      /** Version of the workload's own image. */
      readonly blue: string;
      /** @default - none: blue runs alone */
      readonly green?: Release;
      /** Which one the service leads to. */
      readonly live: 'blue' | 'green';
    }
  /** A share of the traffic for the new version. */
  | {
      readonly kind: 'canary';
      /** Version of the workload's own image. */
      readonly stable: string;
      /** @default - none: the stable version runs alone */
      readonly canary?: Release;
      /** Share of the canary, in percent. */
      readonly weight: number;
      /**
       * `pods`: the service leads to both, and the number of pods decides. `route`: the gateway divides the traffic, exactly;
       * give it this rollout as the route's target. @default 'pods'
       */
      readonly by?: 'pods' | 'route';
    };

/** Properties of {@link Rollout}. */
export interface RolloutProps {
  /** A Deployment. It becomes the stable, or blue, version. */
  readonly target: Connectable;
  readonly strategy: RolloutStrategy;
  /**
   * Argo Rollouts, where the cluster has it: steps through weights by itself, judges each by metrics, and goes back alone.
   * @default - the Deployments of Kubernetes alone
   */
  readonly argo?: ArgoOptions;
}

/** A service and the share of the traffic that it gets. */
export interface Split {
  readonly service: string;
  /** In percent. */
  readonly weight: number;
}

/** What tells the pods of one version from those of another, in selectors. */
const trackLabel = 'keelson.dev/track';

/**
 * How a workload changes from one version to the next. The second version is the workload itself with another image: it has
 * the same configuration, credentials, policies and connections.
 */
export class Rollout extends Construct implements Connectable {
  readonly workload: Workload;
  /** How the traffic divides, for a gateway; one entry where it does not. */
  readonly split: readonly Split[];

  constructor(scope: Construct, id: string, props: RolloutProps) {
    super(scope, id);
    this.workload = props.target.workload;
    const { workload } = this;
    const { strategy } = props;
    for (const found of checkRollout(props)) workload.report(found);
    this.split = [{ service: workload.name, weight: 100 }];
    if (props.argo) {
      this.#keepApart(strategy);
      this.split = argoRollout(this, { ...props, argo: props.argo }, (name, selector) => this.#service(name, selector));
      return;
    }
    switch (strategy.kind) {
      case 'rolling': {
        const { surge = 1, unavailable = 0 } = strategy;
        patchRendered(
          workload.controller,
          JsonPatch.add('/spec/strategy', {
            type: 'RollingUpdate',
            rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable },
          }),
          ...(strategy.settle ? [JsonPatch.add('/spec/minReadySeconds', strategy.settle.toSeconds())] : []),
        );
        break;
      }
      case 'blue-green': {
        this.#keepApart(strategy);
        const { blue, green, live } = strategy;
        if (green) this.#second('green', green, workload.replicas);
        const [now, next] = live === 'blue' ? [blue, green?.version] : [green?.version ?? blue, blue];
        this.#select({ version: now });
        if (next !== undefined) this.#service(`${workload.name}-preview`, { version: next });
        break;
      }
      case 'canary': {
        this.#keepApart(strategy);
        const { canary, weight, by = 'pods' } = strategy;
        if (canary === undefined) break;
        const replicas = by === 'pods' ? replicasByWeight(workload.replicas, weight) : undefined;
        this.#second('canary', canary, replicas?.canary ?? Math.max(1, Math.ceil((workload.replicas * weight) / 100)));
        if (replicas) {
          workload.setReplicas(replicas.stable);
        } else {
          this.#service(`${workload.name}-stable`, { [trackLabel]: 'stable' });
          this.#service(`${workload.name}-canary`, { [trackLabel]: 'canary' });
          this.split = [
            { service: `${workload.name}-stable`, weight: 100 - weight },
            { service: `${workload.name}-canary`, weight },
          ];
        }
        break;
      }
    }
  }

  /** Marks the workload's own pods, so that no other controller takes them for its own, and none of another's are taken. */
  #keepApart(strategy: RolloutStrategy): void {
    if (strategy.kind === 'rolling') return;
    const version = strategy.kind === 'blue-green' ? strategy.blue : strategy.stable;
    const track = strategy.kind === 'blue-green' ? 'blue' : 'stable';
    patchRendered(this.workload.controller, ...marks(track, version));
  }

  /** The workload once more, with another image. */
  #second(track: string, release: Release, replicas: number): void {
    const { workload } = this;
    const name = `${workload.name}-${track}`;
    const { namespace } = workload;
    const labels = recommendedLabels({
      name: workload.name,
      component: track,
      partOf: namespace.platform,
      version: release.version,
    });
    const second = kubeObject(this, track, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name,
      namespace: namespace.name,
      labels,
      fields: {},
    });
    const patches = [
      JsonPatch.replace('/metadata/name', name),
      JsonPatch.replace('/metadata/labels', labels),
      JsonPatch.add('/spec/replicas', replicas),
      JsonPatch.replace('/spec/template/spec/containers/0/image', release.image.reference),
      JsonPatch.add('/spec/template/metadata/labels/app.kubernetes.io~1version', labelValue(release.image.version)),
      ...marks(track, release.version),
    ];
    // At synth, when connections have added what they add.
    second.toJson = () => JsonPatch.apply(workload.controller.toJson(), ...patches);
    second.addDependency(workload.serviceAccount, ...namespace.foundations);
    for (const dependency of workload.controller.node.dependencies) second.node.addDependency(dependency);
  }

  #select(more: Readonly<Record<string, string>>): void {
    // cdk8s-plus renders selectors of the service itself; the workload's own is part of it.
    for (const [key, value] of Object.entries(more)) this.workload.service.selectLabel(key, value);
  }

  #service(name: string, selector: Readonly<Record<string, string>>): ApiObject {
    const { workload } = this;
    return kubeObject(this, name, {
      apiVersion: 'v1',
      kind: 'Service',
      name,
      namespace: workload.namespace.name,
      labels: recommendedLabels({
        name: workload.name,
        component: 'release',
        partOf: workload.namespace.platform,
        version: 'none',
      }),
      fields: {
        spec: {
          type: 'ClusterIP',
          selector: { ...workload.podLabels, ...selector },
          ports: Object.entries<Port>(workload.ports).map(([port, { number, protocol }]) => ({
            name: port,
            port: number,
            targetPort: number,
            protocol: wireProtocol(protocol ? { protocol } : {}),
          })),
        },
      },
    });
  }
}

function marks(track: string, version: string): JsonPatch[] {
  const key = trackLabel.replaceAll('/', '~1');
  return [
    JsonPatch.add(`/spec/selector/matchLabels/${key}`, track),
    JsonPatch.add(`/spec/template/metadata/labels/${key}`, track),
    JsonPatch.add('/spec/template/metadata/labels/version', version),
  ];
}
