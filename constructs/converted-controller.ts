import { ApiObject } from 'cdk8s';
import type { DeploymentProps } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { JsonObject, Manifest } from './bridge/manifest.ts';
import { type PodMetadata, StableDeployment } from './controller.ts';

/** A kind of controller that cdk8s-plus does not have, or has without the stable names. */
export interface Conversion {
  readonly apiVersion: string;
  readonly kind: string;
  /** Its specification, from the Deployment that would make the same pods. */
  readonly spec: (deployment: Manifest) => JsonObject;
}

/** A controller whose pods a Deployment renders. The Deployment itself never reaches the cluster. */
export class ConvertedController extends StableDeployment {
  /** The object that reaches the cluster. */
  readonly object: ApiObject;
  /** The object whose patches count: it renders the pods. */
  readonly template: ApiObject;

  constructor(scope: Construct, id: string, props: DeploymentProps, pod: PodMetadata, to: Conversion) {
    super(scope, id, props, pod);
    const deployment = this.apiObject;
    this.template = deployment;
    this.node.tryRemoveChild(deployment.node.id);
    this.object = new ApiObject(this, 'object', {
      apiVersion: to.apiVersion,
      kind: to.kind,
      metadata: {
        name: deployment.name,
        ...(deployment.metadata.namespace && { namespace: deployment.metadata.namespace }),
        labels: { ...pod.labels },
      },
    });
    const head = this.object.toJson.bind(this.object);
    this.object.toJson = () => ({ ...head(), spec: to.spec(deployment.toJson() as Manifest) }); // cdk8s types it as any
  }
}
