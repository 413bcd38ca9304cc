import { Duration } from 'cdk8s';
import type { EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type ComponentProps, common } from './component.ts';
import type { Connections, Outside } from './connections.ts';
import { Credentials } from './credentials.ts';
import { Etcd } from './etcd.ts';
import type { VectorCollection } from './models.ts';
import { probes } from './probes.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Resources, Storage } from './workload-props.ts';

/** Where Milvus keeps its metadata. */
export type MilvusMetadata =
  /** In the etcd inside its own process. */
  | { readonly kind: 'embedded' }
  /** In an etcd of its own beside it. */
  | { readonly kind: 'beside'; readonly resources: Resources; readonly storage: Storage };

/** Where Milvus keeps segments and indexes. */
export type MilvusObjects =
  /** On its own volume. */
  | { readonly kind: 'volume' }
  /** In a bucket of an S3-compatible store. */
  | {
      readonly kind: 's3';
      /** Host name of the store, without scheme, for example `s3.eu-central-1.amazonaws.com`. */
      readonly host: string;
      /** @default 443 */
      readonly port?: number;
      /** @default true */
      readonly tls?: boolean;
      readonly bucket: string;
      /** Prefix of all keys. @default - the workload's name */
      readonly prefix?: string;
      readonly region: string;
      /** Keys, or the cloud role that the service account stands for. */
      readonly access:
        | { readonly kind: 'keys'; readonly id: string; readonly secret: string }
        | { readonly kind: 'role'; readonly accountAnnotations: Readonly<Record<string, string>> };
      /** Addresses of the store, for the network policy. */
      readonly at: Outside;
    };

/** How Milvus runs. */
export type MilvusMode =
  /** Milvus Lite, the same API in one small process: for machines where the full one does not fit. */
  | { readonly kind: 'lite' }
  | { readonly kind: 'standalone'; readonly metadata: MilvusMetadata; readonly objects: MilvusObjects };

/** Properties of {@link Milvus}. */
export interface MilvusProps extends ComponentProps {
  readonly mode: MilvusMode;
  /** The data volume: all of it in lite mode, the log and caches besides in standalone mode. */
  readonly storage: Storage;
  /** Collections that the platform keeps in it. Their dimension is checked against the model that fills them. */
  readonly collections: readonly VectorCollection[];
  readonly connections: Connections;
}

/** The vector database, standalone or as Milvus Lite; both speak the same protocol on the same port. */
export class Milvus extends Construct implements Connectable<'grpc'> {
  readonly workload: Workload<'grpc'>;
  readonly collections: readonly VectorCollection[];

  constructor(scope: Construct, id: string, props: MilvusProps) {
    super(scope, id);
    this.collections = [...props.collections];
    const { mode } = props;
    switch (mode.kind) {
      case 'lite':
        this.workload = this.#lite(props);
        break;
      case 'standalone':
        this.workload = this.#standalone(props, mode.metadata, mode.objects);
        break;
    }
  }

  #lite(props: MilvusProps): Workload<'grpc'> {
    return new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'milvus',
      component: 'vector-database',
      kind: 'StatefulSet',
      image: props.images.get('milvus-lite'),
      command: ['milvus-lite', 'server', '--data-dir', '/data', '--host', '0.0.0.0', '--port', '19530'],
      ports: { grpc: { number: 19530 } },
      // Python looks for a home to write to, and would compile its modules anew at each start all the same.
      env: { HOME: '/tmp', PYTHONDONTWRITEBYTECODE: '1' },
      claims: [{ name: 'data', path: '/data', ...props.storage }],
      probes: probes({ ready: { tcp: 19530 }, live: { tcp: 19530 } }),
    });
  }

  #standalone(props: MilvusProps, metadata: MilvusMetadata, objects: MilvusObjects): Workload<'grpc'> {
    const name = props.name ?? 'milvus';
    const store: StoreAccess =
      objects.kind === 's3' ? this.#store(name, objects) : { env: { COMMON_STORAGETYPE: 'local' } };
    const health = 9091;
    const workload = new Workload<'grpc' | 'metrics'>(this, 'workload', {
      ...common(props),
      name,
      component: 'vector-database',
      kind: 'StatefulSet',
      image: props.images.get('milvus'),
      command: ['milvus', 'run', 'standalone'],
      ports: { grpc: { number: 19530 }, metrics: { number: health, metrics: '/metrics' } },
      env: { DEPLOY_MODE: 'STANDALONE', HOME: '/tmp', ...metadataEnv(metadata), ...store.env },
      ...(store.accountAnnotations && { accountAnnotations: store.accountAnnotations }),
      ...(metadata.kind === 'embedded' && {
        config: [{ name: 'etcd', path: '/etc/milvus', files: { 'etcd.yaml': embeddedEtcd } }],
      }),
      claims: [{ name: 'data', path: '/var/lib/milvus', ...props.storage }],
      probes: probes({ ready: { http: '/healthz', port: health }, live: { http: '/healthz', port: health } }),
      // It flushes what it holds in memory before it ends.
      terminationGracePeriod: Duration.seconds(120),
    });
    if (metadata.kind === 'beside') {
      const etcd = new Etcd(this, 'etcd', {
        images: props.images,
        name: `${name}-etcd`,
        resources: metadata.resources,
        storage: metadata.storage,
      });
      // Milvus wants `host:port` of etcd and not a URL.
      props.connections.connect(workload, etcd, 'client', { env: false });
      workload.setEnv('ETCD_ENDPOINTS', `${etcd.workload.hostFor(workload)}:${etcd.workload.ports.client.number}`);
    }
    if (objects.kind === 's3') props.connections.toOutside(workload, objects.at, objects.port ?? 443);
    return workload;
  }

  #store(name: string, objects: Extract<MilvusObjects, { kind: 's3' }>): StoreAccess {
    const env: Record<string, string | EnvValue> = {
      COMMON_STORAGETYPE: 'remote',
      MINIO_ADDRESS: objects.host,
      MINIO_PORT: String(objects.port ?? 443),
      MINIO_USE_SSL: String(objects.tls ?? true),
      MINIO_BUCKET_NAME: objects.bucket,
      MINIO_ROOT_PATH: objects.prefix ?? name,
      MINIO_REGION: objects.region,
      MINIO_CLOUD_PROVIDER: 'aws',
      MINIO_USE_IAM: String(objects.access.kind === 'role'),
    };
    if (objects.access.kind === 'role') return { env, accountAnnotations: objects.access.accountAnnotations };
    const credentials = new Credentials(this, 'store-credentials', {
      name: `${name}-store`,
      values: { id: objects.access.id, secret: objects.access.secret },
    });
    return {
      env: { ...env, MINIO_ACCESS_KEY_ID: credentials.env('id'), MINIO_SECRET_ACCESS_KEY: credentials.env('secret') },
    };
  }
}

/** What the pods need to reach their objects. */
interface StoreAccess {
  readonly env: Readonly<Record<string, string | EnvValue>>;
  readonly accountAnnotations?: Readonly<Record<string, string>>;
}

function metadataEnv(metadata: MilvusMetadata): Record<string, string> {
  if (metadata.kind === 'beside') return { ETCD_USE_EMBED: 'false' };
  return {
    ETCD_USE_EMBED: 'true',
    ETCD_DATA_DIR: '/var/lib/milvus/etcd',
    ETCD_CONFIG_PATH: '/etc/milvus/etcd.yaml',
  };
}

/** The embedded etcd answers its own process only. */
const embeddedEtcd = `listen-client-urls: http://127.0.0.1:2379
advertise-client-urls: http://127.0.0.1:2379
quota-backend-bytes: 2147483648
auto-compaction-mode: revision
auto-compaction-retention: '1000'
`;
