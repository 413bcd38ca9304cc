import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

/** Where an ExternalSecret reads. */
export interface ExternalStore {
  /** Name of the SecretStore object in the namespace. */
  readonly name: string;
  /** What stands before each secret's name in the store, with its slash. */
  readonly prefix: string;
  /** How often the store is asked for new values, in Go's notation. */
  readonly refresh: string;
  /** The SecretStore object itself. */
  readonly object: ApiObject;
}

interface ExternalSecretProps {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Record<string, string> };
  readonly values: Readonly<Record<string, string>>;
  readonly store: ExternalStore;
}

/** A name that Go's templates take as a field. */
export const secretName = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
const placeholder = /\{\{ \.([A-Za-z][A-Za-z0-9_]{0,62}) \}\}/g;

/** What stands for a secret of the store in a value: a field of the template that External Secrets fills in. */
export function placeholderFor(name: string): string {
  return `{{ .${name} }}`;
}

/** Names of the secrets of the store that the values hold, sorted, each once. */
export function secretsIn(values: Readonly<Record<string, string>>): readonly string[] {
  const found = Object.values(values).flatMap((value) => [...value.matchAll(placeholder)].map(([, name = '']) => name));
  return [...new Set(found)].sort();
}

/** Braces that are no placeholder reach the Secret as they are. */
function withoutBraces(value: string): string {
  const parts = value.split(placeholder);
  // A split by a pattern with one group alternates between text and what the group caught.
  return parts
    .map((part, index) => (index % 2 === 1 ? placeholderFor(part) : part.replaceAll('{{', '{{ "{{" }}')))
    .join('');
}

/** An ExternalSecret that makes a Secret of the same name and keys, with the values of the store in place of their placeholders. */
export function externalSecret(
  scope: Construct,
  id: string,
  { metadata, values, store }: ExternalSecretProps,
): ApiObject {
  const object = new ApiObject(scope, id, {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata,
    // ApiObjectProps is open for the fields of any kind, which its type cannot name.
    ...{
      spec: {
        refreshInterval: store.refresh,
        secretStoreRef: { kind: 'SecretStore', name: store.name },
        target: {
          name: metadata.name,
          creationPolicy: 'Owner',
          // A store that forgets a secret, or cannot be read for a while, must not take the platform down.
          deletionPolicy: 'Retain',
          template: {
            engineVersion: 'v2',
            type: 'Opaque',
            metadata: { labels: metadata.labels },
            data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, withoutBraces(value)])),
          },
        },
        data: secretsIn(values).map((name) => ({
          secretKey: name,
          remoteRef: {
            key: `${store.prefix}${name}`,
            conversionStrategy: 'Default',
            decodingStrategy: 'None',
            metadataPolicy: 'None',
          },
        })),
      },
    },
  });
  object.addDependency(store.object);
  return object;
}
