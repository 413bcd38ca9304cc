import { Duration, Size } from 'cdk8s';
import { Cpu, type EnvValue } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type CertificateIssuer, InternalCertificate } from './cert-manager.ts';
import { type ComponentProps, common } from './component.ts';
import type { Connections } from './connections.ts';
import { Credentials } from './credentials.ts';
import { type Bucket, storePort } from './model-source.ts';
import type { VectorCollection } from './models.ts';
import { probes } from './probes.ts';
import { checkCollection, collectionFiles, type QdrantCollection } from './qdrant-collections.ts';
import { type Connectable, Workload } from './workload.ts';
import type { Claim, SecretFolder, Storage } from './workload-props.ts';

/** How many peers hold the data. */
export type QdrantTopology =
  | { readonly kind: 'single' }
  | {
      readonly kind: 'distributed';
      /** Peers. Decisions need more than half of them, so that three bear the loss of one. */
      readonly peers: number;
      /** Who signs the certificate with which peers know each other. @default - they talk in the clear, inside their network policy */
      readonly tls?: CertificateIssuer;
    };

/** Where snapshots are written. */
export type QdrantSnapshots =
  /** On a claim of their own for each peer: they do not fill the volume of the data. */
  ({ readonly kind: 'claim' } & Storage) | ({ readonly kind: 's3' } & Bucket);

/** Properties of {@link Qdrant}. */
export interface QdrantProps extends ComponentProps {
  /** What clients have to show to read and write. */
  readonly apiKey: string;
  /** What clients have to show that only read, and whoever reads the metrics. */
  readonly readOnlyApiKey: string;
  /** The data of each peer. */
  readonly storage: Storage;
  readonly snapshots: QdrantSnapshots;
  /** @default - a single one */
  readonly topology?: QdrantTopology;
  /** Collections that the platform keeps in it: a job makes them and keeps their indexes up to date. */
  readonly collections: readonly QdrantCollection[];
  readonly connections: Connections;
}

const folder = '/qdrant';

/** What the job takes that makes the collections. */
const jobResources = {
  cpu: { request: Cpu.millis(20) },
  memory: { request: Size.mebibytes(16), limit: Size.mebibytes(64) },
};

/** Qdrant, alone or as a cluster. Clients get `<QDRANT>_URL` and `<QDRANT>_API_KEY`. */
export class Qdrant extends Construct implements Connectable<'http' | 'grpc'> {
  readonly workload: Workload<'http' | 'grpc'>;
  readonly collections: readonly VectorCollection[];

  constructor(scope: Construct, id: string, props: QdrantProps) {
    super(scope, id);
    this.collections = [...props.collections];
    const name = props.name ?? 'qdrant';
    const topology = props.topology ?? { kind: 'single' };
    const peers = topology.kind === 'distributed' ? topology.peers : 1;
    const credentials = new Credentials(this, 'credentials', {
      name,
      values: { 'api-key': props.apiKey, 'read-only-key': props.readOnlyApiKey },
      forClients: { API_KEY: 'api-key' },
    });
    const tls = topology.kind === 'distributed' && topology.tls ? this.#certificate(name, topology.tls) : undefined;
    const snapshots = props.snapshots.kind === 's3' ? this.#bucket(name, props.snapshots) : {};
    const accounts =
      props.snapshots.kind === 's3' && props.snapshots.access.kind === 'role' ? props.snapshots.access : undefined;
    const p2p = { p2p: { number: 6335, scheme: tls ? 'https' : 'http' } };
    this.workload = new Workload<'http' | 'grpc'>(this, 'workload', {
      ...common(props),
      name,
      component: 'vector-database',
      kind: 'StatefulSet',
      image: props.images.get('qdrant'),
      replicas: peers,
      command: topology.kind === 'single' ? ['./qdrant'] : ['sh', '-c', joinScript(name, tls ? 'https' : 'http')],
      ports: {
        http: { number: 6333, metrics: '/metrics', metricsToken: 'read-only-key', credentials },
        grpc: { number: 6334, scheme: 'grpc', credentials },
        ...(topology.kind === 'distributed' && p2p),
      },
      env: {
        QDRANT__SERVICE__API_KEY: credentials.env('api-key'),
        QDRANT__SERVICE__READ_ONLY_API_KEY: credentials.env('read-only-key'),
        QDRANT__SERVICE__HOST: '0.0.0.0',
        QDRANT__STORAGE__STORAGE_PATH: `${folder}/storage`,
        QDRANT__STORAGE__SNAPSHOTS_PATH: `${folder}/snapshots`,
        QDRANT__TELEMETRY_DISABLED: 'true',
        // The working folder, where it leaves this mark otherwise, cannot be written to.
        QDRANT_INIT_FILE_PATH: '/tmp/.qdrant-initialized',
        ...(topology.kind === 'distributed' && {
          QDRANT__CLUSTER__ENABLED: 'true',
          QDRANT__CLUSTER__P2P__PORT: '6335',
          QDRANT__CLUSTER__P2P__ENABLE_TLS: String(tls !== undefined),
        }),
        ...(tls && {
          QDRANT__TLS__CERT: '/etc/qdrant-tls/tls.crt',
          QDRANT__TLS__KEY: '/etc/qdrant-tls/tls.key',
          QDRANT__TLS__CA_CERT: '/etc/qdrant-tls/ca.crt',
        }),
        ...snapshots,
      },
      ...(tls && { secrets: [tls] }),
      ...(accounts?.accountAnnotations && { accountAnnotations: accounts.accountAnnotations }),
      claims: claimsOf(props),
      ...(props.snapshots.kind === 's3' && {
        scratch: [{ name: 'snapshots', path: `${folder}/snapshots`, size: props.storage.size }],
      }),
      probes: probes({
        ready: { http: '/readyz', port: 6333 },
        live: { http: '/livez', port: 6333 },
        started: { http: '/livez', port: 6333 },
        // Segments and the log of writes are read again.
        startWithin: Duration.minutes(30),
      }),
      terminationGracePeriod: Duration.seconds(60),
    });
    // Nobody but the peers gets to that port, which takes writes without a key.
    if (topology.kind === 'distributed') {
      const peer: Connectable = this.workload;
      props.connections.connect(peer, peer, 'p2p', { env: false, order: false });
    }
    if (props.snapshots.kind === 's3')
      props.connections.toOutside(this, props.snapshots.at, storePort(props.snapshots));
    if (props.collections.length > 0) this.#makeCollections(name, props, peers);
    this.#check(props, topology, peers);
  }

  #certificate(name: string, issuer: CertificateIssuer): SecretFolder {
    const headless = `${name}-headless`;
    const certificate = new InternalCertificate(this, 'tls', {
      name: `${name}-tls`,
      issuer,
      hosts: [`*.${headless}`, headless, name],
    });
    return { path: '/etc/qdrant-tls', credentials: certificate };
  }

  #bucket(name: string, bucket: Bucket): Record<string, string | EnvValue> {
    const prefix = 'QDRANT__STORAGE__SNAPSHOTS_CONFIG';
    const env: Record<string, string | EnvValue> = {
      [`${prefix}__SNAPSHOTS_STORAGE`]: 's3',
      [`${prefix}__S3_CONFIG__BUCKET`]: bucket.bucket,
      [`${prefix}__S3_CONFIG__REGION`]: bucket.region,
      ...(bucket.endpoint !== undefined && { [`${prefix}__S3_CONFIG__ENDPOINT_URL`]: bucket.endpoint }),
    };
    if (bucket.access.kind === 'role') return env;
    const { id, secret } = bucket.access;
    const keys = new Credentials(this, 'store-credentials', { name: `${name}-store`, values: { id, secret } });
    return {
      ...env,
      [`${prefix}__S3_CONFIG__ACCESS_KEY`]: keys.env('id'),
      [`${prefix}__S3_CONFIG__SECRET_KEY`]: keys.env('secret'),
    };
  }

  #makeCollections(name: string, { collections, images, connections }: QdrantProps, peers: number): void {
    const job = new Workload(this, 'collections', {
      name: `${name}-collections`,
      component: 'vector-database',
      kind: 'Job',
      run: { timeout: Duration.minutes(15), attempts: 5 },
      image: images.get('curl'),
      command: ['sh', '/etc/collections/collections.sh'],
      ports: {},
      resources: jobResources,
      config: [{ name: 'files', path: '/etc/collections', files: collectionFiles(collections, peers) }],
      env: { HOME: '/tmp' },
    });
    connections.connect(job, this, 'http', { env: 'QDRANT_URL' });
  }

  #check(props: QdrantProps, topology: QdrantTopology, peers: number): void {
    if (topology.kind === 'distributed' && (!Number.isInteger(peers) || peers < 3)) {
      this.workload.report({
        path: 'topology.peers',
        value: peers,
        cure: 'use 3 or more: with fewer, the loss of one stops all writes to the cluster',
      });
    }
    for (const collection of props.collections) {
      for (const found of checkCollection(collection, peers)) this.workload.report(found);
    }
    const { snapshots, storage } = props;
    if (snapshots.kind === 'claim' && snapshots.size.toMebibytes() < storage.size.toMebibytes()) {
      this.workload.report({
        path: 'snapshots.size',
        value: snapshots.size.asString(),
        cure: `raise it to ${storage.size.asString()}, the size of the data: a full snapshot is as large`,
      });
    }
  }
}

function claimsOf({ storage, snapshots }: QdrantProps): readonly Claim[] {
  const data = { name: 'storage', path: `${folder}/storage`, ...storageOf(storage) };
  if (snapshots.kind === 's3') return [data];
  return [data, { name: 'snapshots', path: `${folder}/snapshots`, ...storageOf(snapshots) }];
}

function storageOf({ size, storageClass }: Storage): Storage {
  return { size, ...(storageClass && { storageClass }) };
}

/** The first peer founds the cluster, the others join through it; later starts find each other in their own data. */
function joinScript(name: string, scheme: 'http' | 'https'): string {
  const host = (peer: string) => `${scheme}://${peer}.${name}-headless:6335`;
  return `if [ "$HOSTNAME" = "${name}-0" ]; then exec ./qdrant --uri "${host('$HOSTNAME')}"; fi
exec ./qdrant --bootstrap "${host(`${name}-0`)}" --uri "${host('$HOSTNAME')}"
`;
}
