import { EnvValue, type ISecret, Secret } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { externalSecret, secretsIn } from './external-secret.ts';
import { selectorLabels } from './labels.ts';
import { Namespace } from './namespace.ts';
import { problem } from './problem.ts';
import { SecretStore } from './secret-store.ts';

/** Properties of {@link Credentials}. */
export interface CredentialsProps {
  /** Name of the Secret. */
  readonly name: string;
  /**
   * Key to value. A value may be the token of a Pulumi Output, and hold what {@link SecretStore.value} gave; it is never looked
   * at here beyond that.
   */
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
 *
 * Values that lie in an external store never pass through the program: the Secret is then made in the cluster, by External
 * Secrets.
 */
export class Credentials extends Construct {
  /** Name of the Secret. */
  readonly name: string;
  /** The Secret, whoever makes it. */
  readonly reference: ISecret;
  readonly #props: CredentialsProps;

  constructor(scope: Construct, id: string, props: CredentialsProps) {
    super(scope, id);
    this.#props = props;
    this.name = props.name;
    const namespace = Namespace.of(this);
    const metadata = {
      name: props.name,
      namespace: namespace.name,
      labels: { ...selectorLabels(props.name), 'app.kubernetes.io/managed-by': 'keelson' },
    };
    this.reference = Secret.fromSecretName(this, 'reference', props.name);
    const store = SecretStore.find(namespace);
    const external = secretsIn(props.values);
    if (external.length === 0) new Secret(this, 'secret', { metadata, stringData: { ...props.values } });
    else if (store?.external)
      externalSecret(this, 'external', { metadata, values: props.values, store: store.external });
    else {
      const cure = `the namespace "${namespace.name}" has no external SecretStore: make one before what uses it`;
      this.node.addValidation({ validate: () => [problem({ path: 'values', value: external, cure })] });
    }
  }

  /** Suffixes of the environment variables that clients get, with the key each one reads. */
  get forClients(): Readonly<Record<string, string>> {
    return { ...this.#props.forClients };
  }

  /** Environment value that refers to one key. */
  env(key: string): EnvValue {
    return EnvValue.fromSecretValue({ secret: this.reference, key });
  }

  /** The same values for a client in another namespace, where references to this Secret do not reach. */
  copyTo(scope: Construct, id: string): Credentials {
    return new Credentials(scope, id, this.#props);
  }
}
