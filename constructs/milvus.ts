import { Duration, Size } from 'cdk8s';
import { Cpu, type EnvValue, ServiceAccount } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { JsonObject } from './bridge/manifest.ts';
import { type ComponentProps, common } from './component.ts';
import type { Connections, Outside } from './connections.ts';
import { Credentials } from './credentials.ts';
import { Etcd } from './etcd.ts';
import {
  checkMilvusCollection,
  type MilvusCollection,
  milvusCollectionFiles,
  searchParameters,
} from './milvus-collections.ts';
import { type MilvusLog, type MilvusPart, type MilvusParts, milvusSpec } from './milvus-distributed.ts';
import type { VectorCollection } from './models.ts';
import { Namespace } from './namespace.ts';
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
  | { readonly kind: 'standalone'; readonly metadata: MilvusMetadata; readonly objects: MilvusObjects }
  /** By the Milvus operator, where the cluster has it: each part as large as it has to be. */
  | {
      readonly kind: 'distributed';
      readonly parts: MilvusParts;
      /** @default - in the object store, by Milvus itself */
      readonly log?: MilvusLog;
      readonly metadata: Extract<MilvusMetadata, { kind: 'beside' }>;
      readonly objects: Extract<MilvusObjects, { kind: 's3' }>;
      /** Namespace of the operator, which looks after the parts. @default 'milvus-operator' */
      readonly operatorNamespace?: string;
    };

/** Properties of {@link Milvus}. */
export interface MilvusProps extends ComponentProps {
  readonly mode: MilvusMode;
  /** The data volume: all of it in lite mode, the log and caches besides in standalone mode. */
  readonly storage: Storage;
  /**
   * Collections that the platform keeps in it. Their dimension is checked against the model that fills them. Those with an index are
   * made by a job, but for lite mode; clients learn how to search them as `<MILVUS>_SEARCH`.
   */
  readonly collections: readonly MilvusCollection[];
  /**
   * How long written data may wait in memory before it goes to the object store, where the next start finds it.
   * @default - Milvus' own, 10 minutes
   */
  readonly autoFlush?: Duration;
  readonly connections: Connections;
}

/** The vector database: as Milvus Lite, standalone, or distributed. All speak the same protocol on the same port. */
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
      case 'distributed':
        this.workload = this.#distributed(props, mode);
        break;
    }
    for (const collection of props.collections) {
      for (const found of checkMilvusCollection(collection)) this.workload.report(found);
    }
    if (mode.kind !== 'lite' && props.collections.some(({ index }) => index !== undefined))
      this.#makeCollections(props);
  }

  #makeCollections(props: MilvusProps): void {
    const job = new Workload(this, 'make-collections', {
      name: `${props.name ?? 'milvus'}-collections`,
      component: 'vector-database',
      kind: 'Job',
      run: { timeout: Duration.minutes(30), attempts: 5 },
      image: props.images.get('curl'),
      command: ['sh', '/etc/collections/collections.sh'],
      ports: {},
      resources: {
        cpu: { request: Cpu.millis(20) },
        memory: { request: Size.mebibytes(16), limit: Size.mebibytes(64) },
      },
      config: [{ name: 'files', path: '/etc/collections', files: milvusCollectionFiles(props.collections) }],
      env: { HOME: '/tmp' },
    });
    props.connections.connect(job, this, 'grpc', { env: 'MILVUS_URL' });
  }

  #distributed(props: MilvusProps, mode: Extract<MilvusMode, { kind: 'distributed' }>): Workload<'grpc'> {
    const { connections } = props;
    const { metadata, objects, parts } = mode;
    const name = props.name ?? 'milvus';
    const log = mode.log ?? { kind: 'woodpecker' };
    const etcd = new Etcd(this, 'etcd', {
      images: props.images,
      name: `${name}-etcd`,
      resources: metadata.resources,
      storage: metadata.storage,
    });
    const keys =
      objects.access.kind === 'keys'
        ? new Credentials(this, 'store-credentials', {
            name: `${name}-store`,
            values: { accesskey: objects.access.id, secretkey: objects.access.secret },
          })
        : undefined;
    const account =
      objects.access.kind === 'role'
        ? new ServiceAccount(this, 'account', {
            metadata: {
              name,
              namespace: Namespace.of(this).name,
              annotations: { ...objects.access.accountAnnotations },
            },
          })
        : undefined;
    const workload = new Workload<'grpc' | 'metrics'>(this, 'workload', {
      ...common(props),
      name,
      component: 'vector-database',
      kind: 'Custom',
      image: props.images.get('milvus-distributed'),
      ports: { grpc: grpcPort(props), metrics: { number: 9091, metrics: '/metrics' } },
      custom: {
        apiVersion: 'milvus.io/v1beta1',
        kind: 'Milvus',
        serves: { 'app.kubernetes.io/component': 'proxy' },
        spec: milvusSpec({
          name,
          image: props.images.get('milvus-distributed'),
          parts,
          log,
          etcd: [`${etcd.workload.name}.${etcd.workload.namespace.name}.svc:${etcd.workload.ports.client.number}`],
          store: {
            endpoint: `${objects.host}:${objects.port ?? 443}`,
            secret: keys?.name,
            serviceAccount: account?.name,
            minio: {
              bucketName: objects.bucket,
              rootPath: objects.prefix ?? name,
              region: objects.region,
              useSSL: objects.tls ?? true,
              useIAM: objects.access.kind === 'role',
              cloudProvider: 'aws',
            },
          },
          settings: flushSettings(props.autoFlush),
          user: 10001,
          priorityClass: props.priorityClass,
        }),
      },
    });
    if (account) workload.controller.addDependency(account);
    connections.connect(workload, etcd, 'client', { env: false });
    connections.toOutside(workload, objects.at, objects.port ?? 443);
    if (log.kind !== 'woodpecker') connections.toOutside(workload, log.at, log.port);
    // Parts call each other on ports of their own: 53100 the coordinator, 21121 to 22222 the nodes.
    const peer = { kind: 'pods', namespace: workload.namespace.name, labels: workload.podLabels } as const;
    for (const direction of ['ingress', 'egress'] as const) {
      workload.allow({ direction, peer, port: 1024, endPort: 65535, protocol: 'TCP' });
    }
    const operator = { kind: 'namespace', namespace: mode.operatorNamespace ?? 'milvus-operator' } as const;
    for (const port of [9091, 19530]) workload.allow({ direction: 'ingress', peer: operator, port, protocol: 'TCP' });
    etcd.workload.allow({ direction: 'ingress', peer: operator, port: 2379, protocol: 'TCP' });
    for (const [part, { replicas }] of Object.entries<MilvusPart>({ ...parts })) {
      if (!Number.isInteger(replicas) || replicas < 1) {
        workload.report({
          path: `mode.parts.${part}.replicas`,
          value: replicas,
          cure: 'use a whole number, 1 or more',
        });
      }
    }
    return workload;
  }

  #lite(props: MilvusProps): Workload<'grpc'> {
    return new Workload(this, 'workload', {
      ...common(props),
      name: props.name ?? 'milvus',
      component: 'vector-database',
      kind: 'StatefulSet',
      image: props.images.get('milvus-lite'),
      command: ['milvus-lite', 'server', '--data-dir', '/data', '--host', '0.0.0.0', '--port', '19530'],
      ports: { grpc: grpcPort(props) },
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
      ports: { grpc: grpcPort(props), metrics: { number: health, metrics: '/metrics' } },
      env: {
        DEPLOY_MODE: 'STANDALONE',
        HOME: '/tmp',
        ...metadataEnv(metadata),
        ...store.env,
        ...(props.autoFlush && { DATANODE_SEGMENT_SYNCPERIOD: String(props.autoFlush.toSeconds()) }),
      },
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

/** The port that clients use. How to search a collection is a fact about it that they need. */
function grpcPort({ collections }: MilvusProps) {
  const search = collections.flatMap(({ name, index }) =>
    index === undefined ? [] : [[name, searchParameters(index)] as const],
  );
  return {
    number: 19530,
    ...(search.length > 0 && { facts: { SEARCH: JSON.stringify(Object.fromEntries(search)) } }),
  };
}

function flushSettings(autoFlush: Duration | undefined): JsonObject {
  return autoFlush === undefined ? {} : { dataNode: { segment: { syncPeriod: autoFlush.toSeconds() } } };
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
