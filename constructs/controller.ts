import { type ApiObject, ApiObjectMetadataDefinition, JsonPatch } from 'cdk8s';
import {
  DaemonSet,
  type DaemonSetProps,
  Deployment,
  type DeploymentProps,
  LabelSelector,
  type PodSelectorConfig,
  StatefulSet,
  type StatefulSetProps,
} from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { selectorLabels } from './labels.ts';

/** Metadata of pods, apart from what cdk8s-plus would add. */
export interface PodMetadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** What the controller finds its pods by: part of `labels`, and never changed. */
  readonly selector: Readonly<Record<string, string>>;
}

/*
 * cdk8s-plus labels each pod with a hash of the construct's path and selects by it, so that moving a construct would
 * change a selector, which Kubernetes refuses. These three select by the workload's name, and its track where it has one, alone. The `select: false` that
 * cdk8s-plus offers drops the selector but still adds the label, and StatefulSet gives its service that label anyway.
 */

/**
 * Patches an object after cdk8s-plus has rendered it. The typed objects render only what they know,
 * their own patches included: this is for fields that came after Kubernetes 1.28, and for quantities, which they expect as
 * objects of their own.
 */
export function patchRendered(object: ApiObject, ...patches: JsonPatch[]): void {
  const render = object.toJson.bind(object);
  object.toJson = () => JsonPatch.apply(render(), ...patches);
}

/** A Deployment that selects by the labels it is given alone. */
export class StableDeployment extends Deployment {
  #podMetadata: ApiObjectMetadataDefinition | undefined;
  readonly #pod: PodMetadata;

  constructor(scope: Construct, id: string, props: DeploymentProps, pod: PodMetadata) {
    super(scope, id, { ...props, select: false });
    this.#pod = pod;
    this.select(LabelSelector.of({ labels: { ...pod.selector } }));
  }

  override get podMetadata(): ApiObjectMetadataDefinition {
    this.#podMetadata ??= podMetadataOf(this.#pod, this.apiObject);
    return this.#podMetadata;
  }

  override toPodSelectorConfig(): PodSelectorConfig {
    return { labelSelector: LabelSelector.of({ labels: { ...this.#pod.selector } }) };
  }
}

/** A StatefulSet that selects by the labels it is given alone. */
export class StableStatefulSet extends StatefulSet {
  #podMetadata: ApiObjectMetadataDefinition | undefined;
  readonly #pod: PodMetadata;

  constructor(scope: Construct, id: string, props: StatefulSetProps, pod: PodMetadata) {
    super(scope, id, { ...props, select: false });
    this.#pod = pod;
    this.select(LabelSelector.of({ labels: { ...pod.selector } }));
  }

  override get podMetadata(): ApiObjectMetadataDefinition {
    this.#podMetadata ??= podMetadataOf(this.#pod, this.apiObject);
    return this.#podMetadata;
  }

  override toPodSelectorConfig(): PodSelectorConfig {
    // The service asks from within the constructor of the base class, before this object has anything of its own.
    const { name } = this;
    const labels = #pod in this ? this.#pod.selector : selectorLabels(name);
    return { labelSelector: LabelSelector.of({ labels: { ...labels } }) };
  }
}

/** A DaemonSet that selects by the labels it is given alone. */
export class StableDaemonSet extends DaemonSet {
  #podMetadata: ApiObjectMetadataDefinition | undefined;
  readonly #pod: PodMetadata;

  constructor(scope: Construct, id: string, props: DaemonSetProps, pod: PodMetadata) {
    super(scope, id, { ...props, select: false });
    this.#pod = pod;
    this.select(LabelSelector.of({ labels: { ...pod.selector } }));
  }

  override get podMetadata(): ApiObjectMetadataDefinition {
    this.#podMetadata ??= podMetadataOf(this.#pod, this.apiObject);
    return this.#podMetadata;
  }

  override toPodSelectorConfig(): PodSelectorConfig {
    return { labelSelector: LabelSelector.of({ labels: { ...this.#pod.selector } }) };
  }
}

function podMetadataOf({ labels, annotations }: PodMetadata, apiObject: ApiObject): ApiObjectMetadataDefinition {
  return new ApiObjectMetadataDefinition({ labels: { ...labels }, annotations: { ...annotations }, apiObject });
}
