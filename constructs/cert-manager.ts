import { ApiObject } from 'cdk8s';
import { type ISecret, Secret } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Namespace } from './namespace.ts';

/** Who signs a certificate: an object of cert-manager that exists in the cluster. */
export interface CertificateIssuer {
  readonly name: string;
  readonly kind: 'Issuer' | 'ClusterIssuer';
}

/** Properties of {@link InternalCertificate}. */
export interface InternalCertificateProps {
  /** Name of the certificate and of its Secret. */
  readonly name: string;
  readonly issuer: CertificateIssuer;
  /** Names in DNS that it is valid for. */
  readonly hosts: readonly string[];
}

/** A certificate with which parts of the platform know each other. cert-manager makes its Secret and renews it. */
export class InternalCertificate extends Construct {
  /** Name of the Secret, with `tls.crt`, `tls.key` and `ca.crt`. */
  readonly name: string;
  readonly reference: ISecret;
  readonly object: ApiObject;

  constructor(scope: Construct, id: string, props: InternalCertificateProps) {
    super(scope, id);
    this.name = props.name;
    const namespace = Namespace.of(this);
    this.reference = Secret.fromSecretName(this, 'reference', props.name);
    this.object = new ApiObject(this, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
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
          secretName: props.name,
          issuerRef: { group: 'cert-manager.io', kind: props.issuer.kind, name: props.issuer.name },
          dnsNames: [...props.hosts],
          // Peers are clients of each other.
          usages: ['digital signature', 'key encipherment', 'server auth', 'client auth'],
          duration: '2160h',
          renewBefore: '720h',
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
        },
      },
    });
    this.object.addDependency(...namespace.foundations);
  }
}
