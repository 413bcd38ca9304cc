import { ApiObject, Duration, JsonPatch, Lazy } from 'cdk8s';
import {
  type Container,
  DeploymentStrategy,
  EnvValue,
  FsGroupChangePolicy,
  type WorkloadProps as KubeWorkloadProps,
  PercentOrAbsolute,
  PodManagementPolicy,
  Service,
  ServiceAccount,
} from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { initContainer, kubeProtocol, mainContainer } from './containers.ts';
import { patchRendered, StableDeployment, StableStatefulSet } from './controller.ts';
import { recommendedLabels, selectorLabels } from './labels.ts';
import { Namespace } from './namespace.ts';
import { type Flow, policySpec } from './network-policy.ts';
import type { Port } from './ports.ts';
import { type Problem, problem } from './problem.ts';
import { asService, asServiceAccount } from './strict.ts';
import { Volumes } from './volumes.ts';
import { checkWorkload } from './workload-checks.ts';
import type { WorkloadProps } from './workload-props.ts';

/** Anything that stands for one workload in a connection: a workload, or a component made around one. */
export interface Connectable<P extends string = string> {
  readonly workload: Workload<P>;
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
  readonly serviceAccount: ServiceAccount;
  readonly service: Service;
  readonly #pods: StableDeployment | StableStatefulSet;
  readonly #container: Container;
  readonly #env = new Map<string, string>();
  readonly #flows: Flow[] = [];
  readonly #problems: Problem[] = [];

  constructor(scope: Construct, id: string, props: WorkloadProps<P>) {
    super(scope, id);
    this.name = props.name;
    this.namespace = Namespace.of(this);
    this.ports = props.ports;
    this.replicas = props.replicas ?? 1;
    this.#problems.push(...checkWorkload(props));
    const labels = recommendedLabels({
      name: props.name,
      component: props.component,
      partOf: this.namespace.platform,
      version: props.image.version,
    });
    const metadata = { name: props.name, namespace: this.namespace.name, labels };
    this.serviceAccount = new ServiceAccount(this, 'account', {
      metadata: { ...metadata, ...(props.accountAnnotations && { annotations: { ...props.accountAnnotations } }) },
    });
    const volumes = new Volumes(this, 'volumes', { metadata, workload: props });

    const pod: KubeWorkloadProps & { replicas: number } = {
      metadata,
      replicas: this.replicas,
      serviceAccount: asServiceAccount(this.serviceAccount),
      automountServiceAccountToken: false,
      terminationGracePeriod: props.terminationGracePeriod ?? Duration.seconds(30),
      securityContext: {
        ensureNonRoot: true,
        user: props.user ?? defaultUser,
        group: props.user ?? defaultUser,
        fsGroup: props.user ?? defaultUser,
        fsGroupChangePolicy: FsGroupChangePolicy.ON_ROOT_MISMATCH,
      },
      volumes: volumes.all,
      initContainers: (props.init ?? []).map((init) => initContainer(init, volumes)),
    };
    const podMetadata = { labels, annotations: volumes.annotations };
    this.service = this.#service('service', metadata, false);
    // Replicas of a StatefulSet have a name each, and Prometheus asks each replica for its metrics.
    const needsHeadless = props.kind === 'StatefulSet' || Object.values<Port>(props.ports).some((port) => port.metrics);
    const headless = needsHeadless
      ? this.#service('headless', { ...metadata, name: `${props.name}-headless` }, true)
      : undefined;

    if (props.kind === 'Deployment' || headless === undefined) {
      this.#pods = new StableDeployment(
        this,
        'deployment',
        {
          ...pod,
          strategy:
            props.strategy === 'recreate'
              ? DeploymentStrategy.recreate()
              : DeploymentStrategy.rollingUpdate({
                  // A new pod is ready before an old one goes: no rollout takes capacity away.
                  maxSurge: PercentOrAbsolute.absolute(1),
                  maxUnavailable: PercentOrAbsolute.absolute(0),
                }),
        },
        podMetadata,
      );
    } else {
      this.#pods = new StableStatefulSet(
        this,
        'statefulset',
        { ...pod, service: asService(headless), podManagementPolicy: PodManagementPolicy.PARALLEL },
        podMetadata,
      );
    }
    this.#container = this.#pods.addContainer(mainContainer(props, volumes));
    for (const [name, value] of Object.entries(props.env ?? {})) this.setEnv(name, value);
    this.controller = ApiObject.of(this.#pods);
    this.controller.addDependency(...this.namespace.foundations);
    this.controller.addJsonPatch(...this.#patches(props, volumes));
    this.#networkPolicy(metadata);
    if (this.replicas > 1) this.#disruptionBudget(metadata);
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
    const key = JSON.stringify(flow);
    if (!this.#flows.some((known) => JSON.stringify(known) === key)) this.#flows.push(flow);
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

  #service(
    id: string,
    metadata: { name: string; namespace: string; labels: Record<string, string> },
    headless: boolean,
  ) {
    const service = new Service(this, id, {
      metadata,
      ...(headless && { clusterIP: 'None', publishNotReadyAddresses: true }),
      ports: Object.entries<Port>(this.ports).map(([name, port]) => ({
        name,
        port: port.number,
        targetPort: port.number,
        protocol: kubeProtocol(port),
      })),
    });
    service.selectLabel('app', this.name);
    return service;
  }

  #networkPolicy(metadata: { name: string; namespace: string; labels: Record<string, string> }): void {
    const policy = new ApiObject(this, 'policy', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{ spec: Lazy.any({ produce: () => policySpec(this.podLabels, this.namespace.name, this.#flows) }) },
    });
    policy.addDependency(...this.namespace.foundations);
    this.controller.addDependency(policy);
  }

  /** One pod at a time may be drained. A single replica gets no budget: one that protects it would block every drain. */
  #disruptionBudget(metadata: { name: string; namespace: string; labels: Record<string, string> }): void {
    new ApiObject(this, 'budget', {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      ...{
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: this.podLabels },
          // Pods that are broken anyway must not block a drain.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      },
    });
  }

  /** What cdk8s-plus-28 has no property for. */
  #patches(props: WorkloadProps<P>, volumes: Volumes): JsonPatch[] {
    const pod = '/spec/template/spec';
    const drain =
      props.drainDelay ?? (props.kind === 'Deployment' && this.replicas > 1 ? Duration.seconds(5) : undefined);
    const patches = [
      JsonPatch.add('/spec/revisionHistoryLimit', 5),
      // Service links would add variables such as REDIS_PORT, which programs take for settings of their own.
      JsonPatch.add(`${pod}/enableServiceLinks`, false),
      JsonPatch.add(`${pod}/securityContext/seccompProfile`, { type: 'RuntimeDefault' }),
      JsonPatch.add(
        `${pod}/topologySpreadConstraints`,
        ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
          maxSkew: 1,
          topologyKey,
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: this.podLabels },
        })),
      ),
    ];
    if (props.priorityClass) patches.push(JsonPatch.add(`${pod}/priorityClassName`, props.priorityClass));
    if (drain) {
      // A pause by the kubelet: the image needs no shell for it.
      const lifecycle = { preStop: { sleep: { seconds: drain.toSeconds() } } };
      patchRendered(this.controller, JsonPatch.add(`${pod}/containers/0/lifecycle`, lifecycle));
    }
    if (volumes.claimTemplates.length > 0) {
      const first = volumes.all.length - volumes.claimTemplates.length;
      for (const _ of volumes.claimTemplates) patches.push(JsonPatch.remove(`${pod}/volumes/${first}`));
      patchRendered(this.controller, JsonPatch.add('/spec/volumeClaimTemplates', volumes.claimTemplates));
    }
    return patches;
  }
}
