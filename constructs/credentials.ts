import { EnvValue, Secret } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { selectorLabels } from './labels.ts';
import { Namespace } from './namespace.ts';
import { asSecret } from './strict.ts';

/** Properties of {@link Credentials}. */
export interface CredentialsProps {
  /** Name of the Secret. */
  readonly name: string;
  /** Key to value. A value may be the token of a Pulumi Output; it is never looked at here. */
  readonly values: Readonly<Record<string, string>>;
  /**
   * Which keys a client gets through a connection: suffix of the environment variable to key,
   * for example `{ PASSWORD: 'password' }` gives `REDIS_PASSWORD`. @default - none
   */
  readonly forClients?: Readonly<Record<string, string>>;
}

/**
 * Secret values that come from outside, as a Secret in the namespace. Workloads refer to it; nothing copies a value into
 * a pod, a command line or a config map.
 */
export class Credentials extends Construct {
  /** Name of the Secret. */
  readonly name: string;
  /** The Secret itself. */
  readonly secret: Secret;
  readonly #props: CredentialsProps;

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    this.#props = props;
    this.name = props.name;
    const namespace = Namespace.of(this);
    this.secret = new Secret(this, 'secret', {
      metadata: {
        name: props.name,
        namespace: namespace.name,
        labels: { ...selectorLabels(props.name), 'app.kubernetes.io/managed-by': 'keelson' },
      },
      stringData: { ...props.values },
    });
  }

  /** Suffixes of the environment variables that clients get, with the key each one reads. */
  get forClients(): Readonly<Record<string, string>> {
    return { ...this.#props.forClients };
  }

  /** Environment value that refers to one key. */
  env(key: string): EnvValue {
    return EnvValue.fromSecretValue({ secret: asSecret(this.secret), key });
  }

  /** The same values for a client in another namespace, where references to this Secret do not reach. */
  copyTo(scope: Construct, id: string): Credentials {
    return new Credentials(scope, id, this.#props);
  }
}
