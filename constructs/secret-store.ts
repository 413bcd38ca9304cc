import { ApiObject, type Duration } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import { type ExternalStore, placeholderFor, secretName } from './external-secret.ts';
import { Namespace } from './namespace.ts';
import { WiringError } from './problem.ts';

/** Where the values of secrets come from. */
export type SecretSource =
  /** From the program, which generated them or got them from its own configuration. */
  | {
      readonly kind: 'generated';
      /** Value of a secret, or the token of the Output that holds it. */
      readonly value: (name: string) => string;
    }
  /** From AWS Secrets Manager, by the operator External Secrets: the program never sees them. */
  | {
      readonly kind: 'aws-secrets-manager';
      readonly region: string;
      /** What stands before each secret's name there, for example `keelson/qratum/prod`. */
      readonly prefix: string;
      /** ARN of a role that the operator takes on to read; it bounds what this namespace can read. @default - the operator's own */
      readonly role?: string;
      /** How often values are read again: how long a rotation takes to arrive. @default - 1 hour */
      readonly refresh?: Duration;
    };

/** Properties of {@link SecretStore}. */
export interface SecretStoreProps {
  readonly source: SecretSource;
  /** Name of the SecretStore object, where there is one. @default 'secrets' */
  readonly name?: string;
}

/** The secrets of a namespace. Make it before the components that use them: one for each namespace. */
export class SecretStore extends Construct {
  /** The store of the namespace that a construct is in; undefined where there is none. */
  static find(construct: IConstruct): SecretStore | undefined {
    return Namespace.of(construct).node.children.find((child) => child instanceof SecretStore);
  }

  /** Where ExternalSecrets read; undefined where the program has the values. */
  readonly external: ExternalStore | undefined;
  readonly #source: SecretSource;

  constructor(scope: Construct, id: string, props: SecretStoreProps) {
    super(scope, id);
    const namespace = Namespace.of(this);
    if (scope !== namespace) {
      const cure = 'make it in the scope of the namespace itself, where credentials look for it';
      throw new WiringError(this.node.path, { path: 'scope', value: scope.node.path, cure });
    }
    if (SecretStore.find(namespace) !== this) {
      const cure = 'it has a SecretStore already: use that one';
      throw new WiringError(this.node.path, { path: 'namespace', value: namespace.name, cure });
    }
    this.#source = props.source;
    this.external =
      props.source.kind === 'generated' ? undefined : this.#awsStore(props.source, props.name ?? 'secrets');
  }

  /**
   * What to hand to a construct as the value of a secret.
   *
   * @throws WiringError for a name that no store takes
   */
  value(name: string): string {
    if (!secretName.test(name)) {
      const cure = 'use letters, digits and underscores, beginning with a letter';
      throw new WiringError(this.node.path, { path: 'name', value: name, cure });
    }
    return this.#source.kind === 'generated' ? this.#source.value(name) : placeholderFor(name);
  }

  #awsStore(source: Extract<SecretSource, { kind: 'aws-secrets-manager' }>, name: string): ExternalStore {
    const namespace = Namespace.of(this);
    const object = new ApiObject(this, 'store', {
      apiVersion: 'external-secrets.io/v1',
      kind: 'SecretStore',
      metadata: {
        name,
        namespace: namespace.name,
        labels: { 'app.kubernetes.io/part-of': namespace.platform, 'app.kubernetes.io/managed-by': 'keelson' },
      },
      // ApiObjectProps is open for the fields of any kind, which its type cannot name.
      ...{
        spec: {
          provider: {
            aws: { service: 'SecretsManager', region: source.region, ...(source.role && { role: source.role }) },
          },
        },
      },
    });
    object.addDependency(...namespace.foundations);
    const refresh = source.refresh ? `${source.refresh.toSeconds()}s` : '1h';
    return { name, prefix: `${source.prefix.replace(/\/+$/, '')}/`, refresh, object };
  }
}
