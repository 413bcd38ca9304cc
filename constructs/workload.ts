import { ApiObject, Duration, JsonPatch } from 'cdk8s';
import {
  type Container,
  EnvValue,
  FsGroupChangePolicy,
  type WorkloadProps as KubeWorkloadProps,
  type Service,
  ServiceAccount,
} from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { initContainer, mainContainer, sidecarContainer } from './containers.ts';
import { patchRendered } from './controller.ts';
import { ConvertedController } from './converted-controller.ts';
import { recommendedLabels, selectorLabels } from './labels.ts';
import { leaderLabel } from './leader-worker-set.ts';
import { Namespace } from './namespace.ts';
import type { Flow } from './network-policy.ts';
import { renderedPatches, typedPatches } from './pod-patches.ts';
import { type PodUsage, podUsage } from './pod-usage.ts';
import type { Port } from './ports.ts';
import { type Problem, problem, WiringError } from './problem.ts';
import { asServiceAccount } from './strict.ts';
import { Volumes } from './volumes.ts';
import { checkWorkload } from './workload-checks.ts';
import { makeDisruptionBudget, makeNetworkPolicy, makeService, type WorkloadMetadata } from './workload-objects.ts';
import { makePods, type PodController } from './workload-pods.ts';
import type { WorkloadProps } from './workload-props.ts';

/** Anything that stands for one workload in a connection: a workload, or a component made around one. */
export interface Connectable<P extends string = string> {
  readonly workload: Workload<P>;
}

/** Time in which a pod leaves the service's endpoints while it still answers. */
const defaultDrain = Duration.seconds(5);

/** What an autoscaler acts on. */
export interface ScaleTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** User and group that the images of this project run as. */
export const defaultUser = 10001;

/**
 * The hardened base of everything that runs: a controller, its service, its own service account without a token, its
 * network policy, and a disruption budget where there is more than one replica.
 *
 * Pods meet the restricted Pod Security Standard and write nowhere but in `/tmp` and in what the properties name.
 */
export class Workload<P extends string = string> extends Construct implements Connectable<P> {
  /** Name of the controller, the service and the stable label. */
  readonly name: string;
  readonly namespace: Namespace;
  /** Ports by name. */
  readonly ports: Readonly<Record<P, Port>>;
  readonly replicas: number;
  /** The Deployment or StatefulSet: what others wait for. */
  readonly controller: ApiObject;
  /** What one of its pods may take. */
  readonly usage: PodUsage;
  /**
   * The account that the pods run as.
   *
   * @throws WiringError where an operator makes them
   */
  get serviceAccount(): ServiceAccount {
    if (this.#account !== undefined) return this.#account;
    const cure = 'the operator makes the accounts of its own pods: look at its object';
    throw new WiringError(this.node.path, { path: 'kind', value: 'Custom', cure });
  }

  /**
   * The service in front of the pods.
   *
   * @throws WiringError where it has no port
   */
  get service(): Service {
    if (this.#front !== undefined) return this.#front;
    const cure = 'it listens on no port, so nothing stands in front of it: declare a port';
    throw new WiringError(this.node.path, { path: 'ports', value: {}, cure });
  }

  /** How many pods there may be: the same twice where nothing scales it. */
  get scale(): { readonly min: number; readonly max: number } {
    return this.#scale;
  }

  readonly #pods: PodController;
  /** The object that renders the pods: the controller itself but for kinds that cdk8s-plus does not have. */
  readonly #template: ApiObject;
  readonly #metadata: WorkloadMetadata;
  readonly #front: Service | undefined;
  readonly #account: ServiceAccount | undefined;
  readonly #drains: boolean;
  #scale: { readonly min: number; readonly max: number };
  #autoscaled = false;
  #deployed: number | 'left' | 'as declared' = 'as declared';
  #scaleTarget: ScaleTarget | undefined;
  readonly #container: Container;
  readonly #env = new Map<string, string>();
  /** By what they say, so that each is kept once. */
  readonly #flows = new Map<string, Flow>();
  readonly #problems: Problem[] = [];

  constructor(scope: Construct, id: string, props: WorkloadProps<P>) {
    super(scope, id);
    this.name = props.name;
    this.namespace = Namespace.of(this);
    this.ports = Object.assign({ ...props.ports }, ...(props.sidecars ?? []).map(({ ports }) => ports ?? {}));
    this.replicas = props.replicas ?? 1;
    this.#scale = { min: this.replicas, max: this.replicas };
    this.usage = podUsage(props);
    this.#problems.push(...checkWorkload(props, this.namespace.name));
    const labels = recommendedLabels({
      name: props.name,
      component: props.component,
      partOf: this.namespace.platform,
      version: props.image.version,
    });
    const metadata = { name: props.name, namespace: this.namespace.name, labels };
    this.#metadata = metadata;
    // An operator makes the accounts of its own pods.
    this.#account =
      props.kind === 'Custom'
        ? undefined
        : new ServiceAccount(this, 'account', {
            metadata: {
              ...metadata,
              ...(props.accountAnnotations && { annotations: { ...props.accountAnnotations } }),
            },
          });
    const volumes = new Volumes(this, 'volumes', { metadata, workload: props });

    const pod: KubeWorkloadProps & { replicas: number } = {
      metadata,
      replicas: this.replicas,
      ...(this.#account && { serviceAccount: asServiceAccount(this.#account) }),
      automountServiceAccountToken: false,
      terminationGracePeriod: props.terminationGracePeriod ?? Duration.seconds(30),
      securityContext: {
        ensureNonRoot: !props.host?.root,
        user: props.host?.root ? 0 : (props.user ?? defaultUser),
        group: props.host?.root ? 0 : (props.user ?? defaultUser),
        fsGroup: props.user ?? defaultUser,
        fsGroupChangePolicy: FsGroupChangePolicy.ON_ROOT_MISMATCH,
      },
      volumes: volumes.all,
      initContainers: (props.init ?? []).map((init) => initContainer(init, volumes, this.namespace.hardening)),
    };
    const selector = this.podLabels;
    const podMetadata = {
      labels: { ...labels, ...props.podLabels, ...selector },
      annotations: volumes.annotations,
      selector,
    };
    // Workers of a group answer nobody but their leader.
    const answering = props.kind === 'LeaderWorkerSet' ? leaderLabel : (props.custom?.serves ?? {});
    const listens = Object.keys(this.ports).length > 0;
    this.#front = listens ? this.#service('service', props.name, false, answering) : undefined;
    // Replicas of a StatefulSet have a name each, and Prometheus asks each replica for its metrics.
    const needsHeadless = props.kind === 'StatefulSet' || Object.values<Port>(this.ports).some((port) => port.metrics);
    const headless = needsHeadless ? this.#service('headless', `${props.name}-headless`, true, answering) : undefined;

    this.#pods = makePods(this, props, { pod, podMetadata, headless });
    this.#container = this.#pods.addContainer(mainContainer(props, volumes, this.namespace.hardening));
    for (const sidecar of props.sidecars ?? []) {
      this.#pods.addContainer(sidecarContainer(sidecar, volumes, this.namespace.hardening));
    }
    for (const [name, value] of Object.entries(props.env ?? {})) this.setEnv(name, value);
    const converted = this.#pods instanceof ConvertedController ? this.#pods : undefined;
    this.controller = converted?.object ?? ApiObject.of(this.#pods);
    this.#template = converted?.template ?? this.controller;
    this.controller.addDependency(...this.namespace.foundations);
    const drain = props.drainDelay ?? (props.kind === 'Deployment' && this.replicas > 1 ? defaultDrain : undefined);
    this.#drains = drain !== undefined;
    const facts = { selector, volumes, drain };
    this.#template.addJsonPatch(...typedPatches(props, facts));
    patchRendered(this.#template, ...renderedPatches(props, facts));
    this.#renderReplicas();
    this.#networkPolicy(props.names?.policy ?? props.name);
    if (this.replicas > 1 && props.kind !== 'DaemonSet' && props.kind !== 'Custom')
      makeDisruptionBudget(this, this.#metadata, this.podLabels);
    this.node.addValidation({ validate: () => this.#problems.map(problem) });
  }

  /** Itself: a workload can stand in a connection directly. */
  get workload(): this {
    return this;
  }

  /** Host name that others use: short within the namespace, with the namespace from elsewhere. */
  hostFor(client: Workload): string {
    return client.namespace.name === this.namespace.name ? this.name : `${this.name}.${this.namespace.name}.svc`;
  }

  /** Sets a variable of the main container. The same value twice is fine; another value for the same name is a problem. */
  setEnv(name: string, value: string | EnvValue): void {
    const entry = typeof value === 'string' ? EnvValue.fromValue(value) : value;
    const text = JSON.stringify([entry.value, entry.valueFrom]);
    const existing = this.#env.get(name);
    if (existing === text) return;
    if (existing !== undefined) {
      this.report({
        path: `env.${name}`,
        value: '(not shown)', // it may be a secret
        cure: 'it is set already, to something else: use another name',
      });
      return;
    }
    this.#env.set(name, text);
    this.#container.env.addVariable(name, entry);
  }

  /** Records traffic that this workload's policy lets through. The same flow twice is fine. */
  allow(flow: Flow): void {
    this.#flows.set(JSON.stringify(flow), flow);
  }

  /**
   * Leaves the number of replicas to an autoscaler. One per workload: two would undo what the other does.
   *
   * @param min - at least this many pods, 0 where it may sleep
   * @param max - at most this many pods
   */
  scaleBetween(min: number, max: number): void {
    if (this.#autoscaled) {
      this.report({
        path: 'autoscaling',
        value: this.name,
        cure: 'something scales it already: declare one autoscaler',
      });
      return;
    }
    this.#autoscaled = true;
    this.#scale = { min, max };
    // A number here would be put back at each deployment, whatever the load is.
    this.#template.addJsonPatch(JsonPatch.remove('/spec/replicas'));
    if (this.replicas <= 1) makeDisruptionBudget(this, this.#metadata, this.podLabels);
    if (!this.#drains && this.controller.kind === 'Deployment') {
      const lifecycle = { preStop: { sleep: { seconds: defaultDrain.toSeconds() } } };
      patchRendered(this.#template, JsonPatch.add('/spec/template/spec/containers/0/lifecycle', lifecycle));
    }
  }

  /** Deploys so many pods, whatever the properties say. */
  setReplicas(replicas: number): void {
    this.#deployed = replicas;
  }

  /** Leaves the number of pods out: it would be put back at each deployment, whatever something else made of it. */
  leaveReplicas(): void {
    this.#deployed = 'left';
  }

  /** Names the object that sets the number of pods in place of the controller, for example a rollout. */
  scaleThrough(target: ScaleTarget): void {
    this.#scaleTarget = target;
  }

  /** The object whose number of replicas an autoscaler sets. */
  get scaleTarget(): ScaleTarget {
    const { apiVersion, kind } = this.controller;
    return this.#scaleTarget ?? { apiVersion, kind, name: this.name };
  }

  /** Adds a mistake to those that synth reports. */
  report(what: Problem): void {
    this.#problems.push(what);
  }

  /** Whether the main container has a variable. */
  hasEnv(name: string): boolean {
    return this.#env.has(name);
  }

  /** Pods, for a client in a network policy. */
  get podLabels(): Readonly<Record<string, string>> {
    return selectorLabels(this.name);
  }

  /** What scales the workload is made after it, so this waits for synth. */
  #renderReplicas(): void {
    const render = this.controller.toJson.bind(this.controller);
    this.controller.toJson = () => {
      const manifest = render();
      if (this.#deployed === 'left') return JsonPatch.apply(manifest, JsonPatch.remove('/spec/replicas'));
      if (this.#deployed === 'as declared') return manifest;
      return JsonPatch.apply(manifest, JsonPatch.replace('/spec/replicas', this.#deployed));
    };
  }

  #service(id: string, name: string, headless: boolean, more: Readonly<Record<string, string>>): Service {
    const metadata = { ...this.#metadata, name };
    return makeService(this, id, { metadata, ports: this.ports, selector: { app: this.name, ...more }, headless });
  }

  #networkPolicy(name: string): void {
    const policy = makeNetworkPolicy(this, { ...this.#metadata, name }, this.podLabels, () => [
      ...this.#flows.values(),
    ]);
    policy.addDependency(...this.namespace.foundations);
    this.controller.addDependency(policy);
  }
}
