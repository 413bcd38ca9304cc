import {
  type AlertGroup,
  Backup,
  BackupMetrics,
  type BackupSource,
  type Bucket,
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
import { bucketFor } from './buckets-of-pods.ts';
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
  const backup = new Backup(scope, 'backup', {
    images,
    connections,
    metrics,
    sources: spec.sources.flatMap((name) => sourceOf(name, context) ?? []),
    schedule: spec.schedule,
    drill: spec.drill,
    retention: spec.retention,
    objectives: {
      recoveryPoint: Duration.minutes(spec.recoveryPointMinutes),
      recoveryTime: Duration.minutes(spec.recoveryTimeMinutes),
    },
    workspace: Size.gibibytes(spec.workspace[environment.scale]),
    target: { kind: 's3', ...bucketFor(platform.name, environment, { purpose: 'backups', use: 'write' }) },
  });
  return [backup.alerts];
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

/** Where the Milvus of a platform keeps its segments. */
export function milvusObjects(platform: string, environment: Environment): Bucket {
  return bucketFor(platform, environment, { purpose: 'models', prefix: 'milvus', use: 'write' });
}

function databasesOf({ namespaces }: Platform, name: string): readonly string[] {
  const spec = namespaces.flatMap(({ components }) => components).find((component) => component.name === name);
  return spec?.kind === 'postgres' ? [spec.database, ...(spec.databases ?? [])] : [];
}
