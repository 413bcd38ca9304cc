import {
  type AlertGroup,
  Backup,
  BackupMetrics,
  type BackupSource,
  type Connectable,
  type Connections,
  Duration,
  type Images,
  Milvus,
  type Namespace,
  Postgres,
  Qdrant,
  Redis,
  Size,
} from '../constructs/index.ts';
import { type BucketGrant, bucketAnnotations } from './bucket-access.ts';
import { bucketFor, grantFor } from './buckets-of-pods.ts';
import type { Environment } from './environments.ts';
import type { BackupSpec, Platform } from './platforms/platform.ts';

/** What backups are made with. */
export interface BackupContext {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly images: Images;
  readonly connections: Connections;
  readonly components: ReadonlyMap<string, Connectable>;
}

/** Makes the backup of a namespace where the environment has buckets for it, and gives the alerts on it. */
export function makeBackup(scope: Namespace, spec: BackupSpec, context: BackupContext): readonly AlertGroup[] {
  const { platform, environment, images, connections, components } = context;
  const metrics = [...components.values()].find((component) => component instanceof BackupMetrics);
  if (environment.buckets === undefined || metrics === undefined) return [];
  const sources = spec.sources.flatMap((name) => sourceOf(name, context) ?? []);
  const target = bucketFor(platform.name, environment, { purpose: 'backups', use: 'write' });
  const backup = new Backup(scope, 'backup', {
    images,
    connections,
    metrics,
    sources,
    schedule: spec.schedule,
    drill: spec.drill,
    retention: spec.retention,
    objectives: {
      recoveryPoint: Duration.minutes(spec.recoveryPointMinutes),
      recoveryTime: Duration.minutes(spec.recoveryTimeMinutes),
    },
    workspace: Size.gibibytes(spec.workspace[environment.scale]),
    target: { kind: 's3', ...target },
    accounts: accountsOf(sources, platform.name, environment),
  });
  return [backup.alerts];
}

/** The backup writes backups, the drill only reads them. Milvus has its objects copied from bucket to bucket by both. */
function accountsOf(sources: readonly BackupSource[], platform: string, environment: Environment) {
  const copies = sources.some(({ kind }) => kind === 'milvus');
  const grant = (part: Parameters<typeof grantFor>[2]): BucketGrant => grantFor(platform, environment, part);
  const looks = (['models', 'backups'] as const).map((purpose) => grant({ purpose, use: 'list' }));
  const restored: BucketGrant = { ...restoring(platform, environment), use: 'write' };
  return {
    backup: bucketAnnotations([
      grant({ purpose: 'backups', use: 'write' }),
      ...(copies ? [grant({ purpose: 'models', prefix: milvusFolder, use: 'read' }), ...looks] : []),
    ]),
    drill: bucketAnnotations([grant({ purpose: 'backups', use: 'read' }), ...(copies ? [restored, ...looks] : [])]),
  };
}

/** One component, as what a backup takes of it; undefined where this environment has it in a form without a server to ask. */
function sourceOf(name: string, { platform, environment, components }: BackupContext): BackupSource | undefined {
  const server = components.get(name);
  if (server instanceof Postgres) {
    const timescale = environment.capabilities.has('timescaledb');
    return { kind: 'postgres', name, server, databases: databasesOf(platform, name), timescale };
  }
  if (server instanceof Redis) return { kind: 'redis', name, server };
  if (server instanceof Qdrant) return { kind: 'qdrant', name, server };
  if (server instanceof Milvus) {
    // Milvus Lite has no bucket; its vectors are made again from the documents.
    if (!environment.capabilities.has('milvusStandalone')) return undefined;
    const objects = milvusObjects(platform.name, environment);
    const { bucket } = bucketFor(platform.name, environment, { purpose: 'backups', use: 'write' });
    return { kind: 'milvus', name, server, objects, backups: { bucket, prefix: 'milvus' } };
  }
  const known = platform.namespaces.some(({ components: all }) => all.some((component) => component.name === name));
  if (known) return undefined;
  throw new Error(
    `[${platform.name}] backup.sources: "${name}" is no component that can be backed up; correct its name`,
  );
}

const milvusFolder = 'milvus';

/** Where milvus-backup puts what Milvus is to import, beside Milvus' own folder (zilliztech/milvus-backup, pull request 1168, 2026-11). */
function restoring(platform: string, environment: Environment): BucketGrant {
  return { ...grantFor(platform, environment, { purpose: 'models', use: 'read' }), keys: 'restore-temp-*' };
}

/** Where the Milvus of a platform keeps its segments. It asks for the bucket before it starts. */
export function milvusObjects(platform: string, environment: Environment) {
  const also = [restoring(platform, environment), grantFor(platform, environment, { purpose: 'models', use: 'list' })];
  return bucketFor(platform, environment, { purpose: 'models', prefix: milvusFolder, use: 'write', also });
}

function databasesOf({ namespaces }: Platform, name: string): readonly string[] {
  const spec = namespaces.flatMap(({ components }) => components).find((component) => component.name === name);
  return spec?.kind === 'postgres' ? [spec.database, ...(spec.databases ?? [])] : [];
}
