import { Size } from 'cdk8s';
import { Cpu, type EnvValue } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import {
  checkFiles,
  checkMilvus,
  checkPostgres,
  checkQdrant,
  checkRedis,
  dumpFiles,
  dumpMilvus,
  dumpPostgres,
  dumpQdrant,
  dumpRedis,
} from './backup-scripts.ts';
import { Credentials } from './credentials.ts';
import type { Image, Images } from './images.ts';
import type { Bucket } from './model-source.ts';
import { Namespace } from './namespace.ts';
import type { Port } from './ports.ts';
import { WiringError } from './problem.ts';
import type { Connectable, Workload } from './workload.ts';
import type { ExistingClaim, Resources } from './workload-props.ts';

/** What is backed up. The name is a folder of the backup. */
export type BackupSource =
  | {
      readonly kind: 'postgres';
      readonly name: string;
      readonly server: Connectable<'postgres'>;
      readonly databases: readonly string[];
      /** Whether the server has TimescaleDB, which needs care when it is restored. */
      readonly timescale: boolean;
      /** Questions in SQL that a drill has to get `true` for, each with its database. @default - tables are counted */
      readonly questions?: readonly { readonly database: string; readonly sql: string }[];
    }
  | { readonly kind: 'redis'; readonly name: string; readonly server: Connectable<'redis'> }
  | { readonly kind: 'qdrant'; readonly name: string; readonly server: Connectable<'http'> }
  /** A Milvus whose objects are in a bucket: copied there by milvus-backup. */
  | {
      readonly kind: 'milvus';
      readonly name: string;
      readonly server: Connectable<'grpc'>;
      readonly objects: Bucket;
      readonly backups: Pick<Bucket, 'bucket' | 'prefix'>;
    }
  /** A claim, for example with models. One that belongs to a node is mounted on that node. */
  | { readonly kind: 'files'; readonly name: string; readonly claim: string; readonly folder?: string }
  /** A folder in a bucket, for example artifacts of MLflow. */
  | { readonly kind: 'bucket'; readonly name: string; readonly from: Bucket };

/** A container of the backup or of the drill. */
export interface BackupStep {
  readonly image: Image;
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | EnvValue>>;
  readonly resources: Resources;
}

/** What one source needs. */
export interface SourcePlan {
  /** @default - nothing: it is copied from bucket to bucket */
  readonly dump?: BackupStep;
  /** @default - nothing but the sums of the files */
  readonly check?: BackupStep;
  /** Server that both, or the backup alone, talk to. @default - none */
  readonly reaches?: { readonly server: Connectable; readonly port: string; readonly drill: boolean };
  /** @default - none */
  readonly existing?: ExistingClaim;
}

const dumping: Resources = {
  cpu: { request: Cpu.millis(100) },
  memory: { request: Size.mebibytes(128), limit: Size.mebibytes(512) },
};

/** What a server that holds the restored data takes. */
const restoring: Resources = {
  cpu: { request: Cpu.millis(250) },
  memory: { request: Size.mebibytes(512), limit: Size.mebibytes(2048) },
};

/** The containers of one source. */
export function planSource(scope: Construct, source: BackupSource, images: Images): SourcePlan {
  const SOURCE = source.name;
  switch (source.kind) {
    case 'postgres': {
      const { workload } = source.server;
      const credentials = credentialsOf(scope, workload, 'postgres');
      const image = images.get('postgres');
      const questions = (source.questions ?? []).map(({ database, sql }) => `${database}|${sql}`);
      return {
        dump: {
          image,
          script: dumpPostgres,
          args: source.databases,
          env: {
            SOURCE,
            PGHOST: hostOf(scope, workload),
            PGUSER: 'postgres',
            PGPASSWORD: credentials.env('admin-password'),
            PGDATABASE: 'postgres',
          },
          resources: dumping,
        },
        check: {
          image,
          script: checkPostgres,
          args: questions,
          env: { SOURCE, PRELOAD: source.timescale ? 'timescaledb' : '' },
          resources: restoring,
        },
        reaches: { server: source.server, port: 'postgres', drill: false },
      };
    }
    case 'redis': {
      const { workload } = source.server;
      const image = images.get('redis');
      const credentials = credentialsOf(scope, workload, 'redis');
      const env = { SOURCE, SERVER_HOST: hostOf(scope, workload), SERVER_PORT: String(workload.ports.redis.number) };
      return {
        dump: {
          image,
          script: dumpRedis,
          args: [],
          env: { ...env, REDISCLI_AUTH: credentials.env('password') },
          resources: dumping,
        },
        check: { image, script: checkRedis, args: [], env: { SOURCE }, resources: restoring },
        reaches: { server: source.server, port: 'redis', drill: false },
      };
    }
    case 'qdrant': {
      const { workload } = source.server;
      const credentials = credentialsOf(scope, workload, 'http');
      const peers = Array.from(
        { length: workload.replicas },
        (_, peer) => `http://${workload.name}-${peer}.${workload.name}-headless.${workload.namespace.name}.svc:6333`,
      );
      return {
        dump: {
          image: images.get('curl'),
          script: dumpQdrant,
          args: peers,
          env: { SOURCE, QDRANT_API_KEY: credentials.env('api-key') },
          resources: dumping,
        },
        check: { image: images.get('qdrant'), script: checkQdrant, args: [], env: { SOURCE }, resources: restoring },
        reaches: { server: source.server, port: 'http', drill: false },
      };
    }
    case 'milvus': {
      const env = milvusEnvironment(scope, source);
      const step = { image: images.get('milvus-backup'), args: [], env, resources: dumping };
      return {
        dump: { ...step, script: dumpMilvus },
        check: { ...step, script: checkMilvus },
        reaches: { server: source.server, port: 'grpc', drill: true },
      };
    }
    case 'files': {
      const image = images.get('rclone');
      return {
        dump: { image, script: dumpFiles, args: [], env: { SOURCE, FOLDER: `/sources/${SOURCE}` }, resources: dumping },
        check: { image, script: checkFiles, args: [], env: { SOURCE }, resources: dumping },
        existing: {
          name: `source-${SOURCE}`,
          claim: source.claim,
          path: `/sources/${SOURCE}`,
          ...(source.folder !== undefined && { subPath: source.folder }),
          readOnly: true,
        },
      };
    }
    case 'bucket':
      return {};
  }
}

function milvusEnvironment(
  scope: Construct,
  source: Extract<BackupSource, { kind: 'milvus' }>,
): Record<string, string | EnvValue> {
  const { objects, backups, server } = source;
  const endpoint = new URL(objects.endpoint ?? `https://s3.${objects.region}.amazonaws.com`);
  const tls = endpoint.protocol === 'https:';
  const keys =
    objects.access.kind === 'keys'
      ? new Credentials(scope, `source-${source.name}`, {
          name: `${source.name}-source`,
          values: { id: objects.access.id, secret: objects.access.secret },
        })
      : undefined;
  return {
    ...(keys && { STORE_ID: keys.env('id'), STORE_SECRET: keys.env('secret') }),
    SOURCE: source.name,
    SOURCE_NAME: source.name.replaceAll('-', '_'),
    SERVER_HOST: hostOf(scope, server.workload),
    SERVER_PORT: String(server.workload.ports.grpc.number),
    STORE_HOST: endpoint.hostname,
    STORE_PORT: endpoint.port || (tls ? '443' : '80'),
    STORE_TLS: String(tls),
    STORE_IAM: String(objects.access.kind === 'role'),
    STORE_BUCKET: objects.bucket,
    STORE_PREFIX: objects.prefix ?? server.workload.name,
    BACKUP_BUCKET: backups.bucket,
    BACKUP_PREFIX: backups.prefix ?? 'milvus',
  };
}

function hostOf(scope: Construct, workload: Workload): string {
  return Namespace.of(scope).name === workload.namespace.name
    ? workload.name
    : `${workload.name}.${workload.namespace.name}.svc`;
}

/** The server's own credentials, or a copy of them in the namespace of the backup. */
function credentialsOf(scope: Construct, workload: Workload, port: string): Credentials {
  const ports: Readonly<Record<string, Port>> = workload.ports;
  const credentials = ports[port]?.credentials;
  if (credentials === undefined) {
    const cure = `port "${port}" of "${workload.name}" has no credentials to log in with: back up a server that has`;
    throw new WiringError(scope.node.path, { path: 'sources', value: workload.name, cure });
  }
  if (Namespace.of(scope).name === workload.namespace.name) return credentials;
  const id = `${workload.name}-credentials`;
  return (scope.node.tryFindChild(id) as Credentials | undefined) ?? credentials.copyTo(scope, id); // made here, under this id
}
