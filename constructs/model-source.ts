import type { EnvValue } from 'cdk8s-plus-28';
import type { Outside } from './connections.ts';
import type { Image } from './images.ts';
import type { HubRepository } from './models.ts';

/** How a bucket is entered. */
export type BucketAccess =
  | {
      readonly kind: 'keys';
      readonly id: string;
      readonly secret: string;
    }
  /** The cloud role that the service account stands for: by Pod Identity, or by annotations of the account. */
  | { readonly kind: 'role'; readonly accountAnnotations?: Readonly<Record<string, string>> };

/** A folder in a bucket of an S3-compatible store. */
export interface Bucket {
  readonly bucket: string;
  /** Folder within the bucket, without slashes around it. @default - the whole bucket */
  readonly prefix?: string;
  readonly region: string;
  /** URL of the store. @default - that of Amazon S3 in the region */
  readonly endpoint?: string;
  readonly access: BucketAccess;
  /** Addresses of the store, for the network policy. */
  readonly at: Outside;
}

/** Where the weights of a model come from. */
export type ModelSource =
  /** An image with the folder `/models`, copied once per pod. */
  | { readonly kind: 'image'; readonly image: Image }
  /** A folder in a bucket, which becomes the folder of the model. */
  | ({ readonly kind: 's3' } & Bucket)
  /** A repository of the Hugging Face hub. */
  | ({
      readonly kind: 'hub';
      /** Files to take, with their folders. The server's own tool takes all that it needs where it has one. @default - as the server's tool decides */
      readonly files?: readonly string[];
      /** Token for repositories that are not open. @default - none */
      readonly token?: string;
      /** Addresses of the hub, for the network policy. */
      readonly at: Outside;
    } & HubRepository)
  /** A model of Ollama's own library, for example `llama3.2:3b`. */
  | { readonly kind: 'ollama'; readonly model: string; readonly at: Outside }
  /** A claim that exists already and that many pods may read: nothing is copied. */
  | {
      readonly kind: 'claim';
      readonly claim: string;
      /** Folder of the model within it. @default - the model's name */
      readonly folder?: string;
    };

/** How rclone is told about a bucket: variables in place of a file, so that keys stay in their Secret. The remote is `store:`. */
export function rcloneEnvironment(
  { region, endpoint, access }: Pick<Bucket, 'region' | 'endpoint' | 'access'>,
  keys?: { readonly id: EnvValue; readonly secret: EnvValue },
): Record<string, string | EnvValue> {
  return {
    RCLONE_CONFIG: '/tmp/rclone.conf',
    RCLONE_CONFIG_STORE_TYPE: 's3',
    RCLONE_CONFIG_STORE_PROVIDER: endpoint === undefined ? 'AWS' : 'Other',
    RCLONE_CONFIG_STORE_REGION: region,
    RCLONE_CONFIG_STORE_NO_CHECK_BUCKET: 'true',
    ...(endpoint !== undefined && { RCLONE_CONFIG_STORE_ENDPOINT: endpoint }),
    RCLONE_CONFIG_STORE_ENV_AUTH: String(access.kind === 'role'),
    ...(keys && { RCLONE_CONFIG_STORE_ACCESS_KEY_ID: keys.id, RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY: keys.secret }),
  };
}

/** Port of a store's URL. */
export function storePort({ endpoint }: Pick<Bucket, 'endpoint'>): number {
  if (endpoint === undefined) return 443;
  const url = new URL(endpoint);
  return url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port);
}

/** Path of a folder within the bucket, as rclone writes it. */
export function storePath(
  { bucket, prefix }: Pick<Bucket, 'bucket' | 'prefix'>,
  ...folders: readonly string[]
): string {
  return `store:${[bucket, ...(prefix === undefined ? [] : [prefix]), ...folders].join('/')}`;
}
