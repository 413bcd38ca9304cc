import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

/** Labels that every object has which belongs to no workload. */
export function platformLabels(platform: string): Record<string, string> {
  return { 'app.kubernetes.io/part-of': platform, 'app.kubernetes.io/managed-by': 'keelson' };
}

/** Facts of an object besides its name. */
interface ObjectProps {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** @default - an object of the cluster */
  readonly namespace?: string;
  readonly labels: Record<string, string>;
  /** @default - none */
  readonly annotations?: Record<string, string>;
  /** What stands beside the metadata. */
  readonly fields: object;
}

/** An object of any kind. */
export function kubeObject(scope: Construct, id: string, props: ObjectProps): ApiObject {
  const { apiVersion, kind, name, namespace, labels, annotations, fields } = props;
  return new ApiObject(scope, id, {
    apiVersion,
    kind,
    metadata: { name, labels, ...(namespace && { namespace }), ...(annotations && { annotations }) },
    // ApiObjectProps is open for the fields of any kind, which its type cannot name.
    ...fields,
  });
}
