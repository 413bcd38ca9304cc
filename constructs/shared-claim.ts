import { ApiObject, type Size } from 'cdk8s';
import { Construct } from 'constructs';
import { Namespace } from './namespace.ts';
import type { Storage } from './workload-props.ts';

/** Properties of {@link SharedClaim}. */
export interface SharedClaimProps {
  /** Name of the claim, which is how the data is found again: never change it. */
  readonly name: string;
  readonly storage: Storage;
  /** `many` where pods of several nodes write to it: its class has to allow that. @default 'many' */
  readonly writers?: 'one-node' | 'many';
}

/** A claim that does not belong to one replica of a workload. */
export class SharedClaim extends Construct {
  /** Name of the claim. */
  readonly name: string;
  readonly size: Size;

  constructor(scope: Construct, id: string, props: SharedClaimProps) {
    super(scope, id);
    this.name = props.name;
    const namespace = Namespace.of(this);
    const { size, storageClass } = props.storage;
    this.size = size;
    const claim = new ApiObject(this, 'claim', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: props.name,
        namespace: namespace.name,
        labels: {
          app: props.name,
          'app.kubernetes.io/part-of': namespace.platform,
          'app.kubernetes.io/managed-by': 'keelson',
        },
      },
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{
        spec: {
          accessModes: [props.writers === 'one-node' ? 'ReadWriteOnce' : 'ReadWriteMany'],
          ...(storageClass && { storageClassName: storageClass }),
          resources: { requests: { storage: `${size.toMebibytes()}Mi` } },
        },
      },
    });
    claim.addDependency(...namespace.foundations);
  }
}
