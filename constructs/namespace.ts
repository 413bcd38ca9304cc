import { ApiObject } from 'cdk8s';
import { Namespace as KubeNamespace } from 'cdk8s-plus-28';
import { Construct, type IConstruct } from 'constructs';
import { podSecurityLevel } from './exceptions.ts';
import { WiringError } from './problem.ts';

/** How an environment runs its pods, beyond what always holds. */
export interface Hardening {
  /**
   * `guaranteed` makes requests and limits equal, CPU included: no pod lives on what its neighbours do not use, and none is
   * evicted for what they take. @default 'burstable'
   */
  readonly quality?: 'burstable' | 'guaranteed';
  /**
   * `Always` asks the registry at each start, so that a pod on a shared node cannot run an image that it may not pull.
   * @default 'IfNotPresent'
   */
  readonly pullPolicy?: 'Always' | 'IfNotPresent';
}

/** Properties of {@link Namespace}. */
export interface NamespaceProps {
  /** Name of the Kubernetes namespace. */
  readonly name: string;
  /** The platform that the namespace belongs to. @default - the namespace's name */
  readonly platform?: string;
  /** More labels of the namespace. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Name of the policy that closes it. @default 'default-deny' */
  readonly isolationPolicy?: string;
  /** @default - burstable, images pulled when they are missing */
  readonly hardening?: Hardening;
}

/**
 * A namespace in which nothing may talk to anything until a connection says so. Constructs made in its scope live in it.
 *
 * It enforces the restricted Pod Security Standard, denies ingress and egress by default, and lets every pod ask the
 * cluster's DNS.
 */
export class Namespace extends Construct {
  /** The namespace that a construct is in. Fails when it is in none. */
  static of(construct: IConstruct): Namespace {
    const found = construct.node.scopes.findLast((scope) => scope instanceof Namespace);
    if (!(found instanceof Namespace)) {
      throw new WiringError(construct.node.path, {
        path: 'scope',
        value: construct.node.scope?.node.path ?? '',
        cure: 'make the construct in the scope of a Namespace',
      });
    }
    return found;
  }

  /** Name of the Kubernetes namespace. */
  readonly name: string;
  /** The platform that the namespace belongs to. */
  readonly platform: string;
  /** How its pods run. */
  readonly hardening: Hardening;
  /** What has to exist before the first pod: the namespace and its policies. */
  readonly foundations: readonly ApiObject[];

  constructor(scope: Construct, id: string, props: NamespaceProps) {
    super(scope, id);
    this.name = props.name;
    this.platform = props.platform ?? props.name;
    this.hardening = props.hardening ?? {};
    const namespace = new KubeNamespace(this, 'namespace', {
      metadata: {
        name: props.name,
        labels: {
          'app.kubernetes.io/part-of': this.platform,
          'app.kubernetes.io/managed-by': 'keelson',
          'pod-security.kubernetes.io/enforce': podSecurityLevel(props.name),
          'pod-security.kubernetes.io/audit': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
          ...props.labels,
        },
      },
    });
    const defaultDeny = this.#policy(props.isolationPolicy ?? 'default-deny', {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    const dns = this.#policy('allow-dns', {
      podSelector: {},
      policyTypes: ['Egress'],
      egress: [
        {
          to: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
              podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
            },
          ],
          ports: [
            { port: 53, protocol: 'UDP' },
            { port: 53, protocol: 'TCP' },
          ],
        },
      ],
    });
    const namespaceObject = ApiObject.of(namespace);
    for (const policy of [defaultDeny, dns]) policy.addDependency(namespaceObject);
    this.foundations = [namespaceObject, defaultDeny, dns];
  }

  #policy(name: string, spec: object): ApiObject {
    return new ApiObject(this, name, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name,
        namespace: this.name,
        labels: { 'app.kubernetes.io/part-of': this.platform, 'app.kubernetes.io/managed-by': 'keelson' },
      },
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{ spec },
    });
  }
}
