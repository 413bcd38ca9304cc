import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import type { JsonObject } from './bridge/manifest.ts';
import type { Bucket } from './model-source.ts';
import type { Placement, Resources, Storage } from './workload-props.ts';

/** What the operator CloudNativePG is told (cloudnative-pg.io, postgresql.cnpg.io/v1 of 1.27 and later, 2026-11). */
export interface ClusterFacts {
  readonly name: string;
  readonly instances: number;
  readonly image: string;
  readonly database: string;
  readonly storage: Storage;
  /** The log of changes on a volume of its own. @default - beside the data */
  readonly walStorage?: Storage;
  readonly resources: Resources;
  readonly settings: Readonly<Record<string, string>>;
  readonly timescale: boolean;
  /** Secrets with `username` and `password`. */
  readonly secrets: { readonly admin: string; readonly application: string };
  readonly archive?: PostgresArchive;
  readonly placement?: Placement;
  readonly priorityClass?: string;
}

/** Where changes and base backups are kept, so that any moment can be restored. */
export interface PostgresArchive extends Bucket {
  /** How long any moment can be restored. */
  readonly retentionDays: number;
  /** When base backups are made, in the notation of cron. @default '0 2 * * *' */
  readonly schedule?: string;
}

/** Specification of the Cluster. */
export function clusterSpec(facts: ClusterFacts): JsonObject {
  const { name, instances, resources, storage, walStorage, archive, placement } = facts;
  // The operator sets these itself, and refuses a cluster that does.
  const {
    listen_addresses: _listen,
    unix_socket_directories: _sockets,
    shared_preload_libraries: _libraries,
    ...parameters
  } = facts.settings;
  const role = archive?.access.kind === 'role' ? archive.access : undefined;
  return {
    instances,
    imageName: facts.image,
    imagePullPolicy: 'IfNotPresent',
    primaryUpdateStrategy: 'unsupervised',
    primaryUpdateMethod: 'switchover',
    enablePDB: instances > 1,
    storage: sized(storage),
    ...(walStorage && { walStorage: sized(walStorage) }),
    resources: {
      requests: {
        cpu: resources.cpu.request.amount,
        memory: `${resources.memory.request.toMebibytes()}Mi`,
        'ephemeral-storage': '512Mi',
      },
      limits: {
        ...(resources.cpu.limit && { cpu: resources.cpu.limit.amount }),
        memory: `${resources.memory.limit.toMebibytes()}Mi`,
        'ephemeral-storage': '512Mi',
      },
    },
    ephemeralVolumesSizeLimit: {
      temporaryData: '256Mi',
      shm: `${Math.max(16, Math.floor(resources.memory.limit.toMebibytes() / 8))}Mi`,
    },
    seccompProfile: { type: 'RuntimeDefault' },
    inheritedMetadata: { labels: { app: name } },
    affinity: {
      enablePodAntiAffinity: true,
      podAntiAffinityType: instances > 1 ? 'required' : 'preferred',
      topologyKey: 'kubernetes.io/hostname',
      ...(placement?.nodeSelector && { nodeSelector: { ...placement.nodeSelector } }),
      ...(placement?.tolerations && {
        tolerations: placement.tolerations.map(({ key, value, effect = 'NoSchedule' }) => ({
          key,
          effect,
          ...(value === undefined ? { operator: 'Exists' } : { operator: 'Equal', value }),
        })),
      }),
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'topology.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { 'cnpg.io/cluster': name } },
      },
    ],
    ...(facts.priorityClass && { priorityClassName: facts.priorityClass }),
    ...(role?.accountAnnotations && {
      serviceAccountTemplate: { metadata: { annotations: { ...role.accountAnnotations } } },
    }),
    enableSuperuserAccess: true,
    superuserSecret: { name: facts.secrets.admin },
    bootstrap: {
      initdb: {
        database: facts.database,
        owner: facts.database,
        secret: { name: facts.secrets.application },
        dataChecksums: true,
        encoding: 'UTF8',
        localeCType: 'C.UTF-8',
        localeCollate: 'C.UTF-8',
        ...(facts.timescale && { postInitApplicationSQL: ['CREATE EXTENSION IF NOT EXISTS timescaledb'] }),
      },
    },
    postgresql: {
      parameters,
      ...(facts.timescale && { shared_preload_libraries: ['timescaledb'] }),
      // A commit is on two machines before the client hears of it; with one left, it goes on.
      ...(instances > 2 && { synchronous: { method: 'any', number: 1, dataDurability: 'preferred' } }),
    },
    monitoring: { enablePodMonitor: false },
    ...(archive && {
      plugins: [
        {
          name: 'barman-cloud.cloudnative-pg.io',
          isWALArchiver: true,
          parameters: { barmanObjectName: `${name}-archive`, serverName: name },
        },
      ],
    }),
  };
}

/** The bucket of the archive and the schedule of base backups, as objects of the operator and of its plugin for Barman. */
export function archiveObjects(
  scope: Construct,
  { name, archive, namespace, keys }: ArchiveFacts,
): readonly ApiObject[] {
  const metadata = { namespace, labels: { app: name, 'app.kubernetes.io/managed-by': 'keelson' } };
  const store = new ApiObject(scope, 'archive', {
    apiVersion: 'barmancloud.cnpg.io/v1',
    kind: 'ObjectStore',
    metadata: { ...metadata, name: `${name}-archive` },
    // ApiObjectProps is open for the fields of any kind, which its type cannot name.
    ...{
      spec: {
        retentionPolicy: `${archive.retentionDays}d`,
        configuration: {
          destinationPath: `s3://${[archive.bucket, ...(archive.prefix === undefined ? [] : [archive.prefix])].join('/')}`,
          ...(archive.endpoint !== undefined && { endpointURL: archive.endpoint }),
          s3Credentials:
            keys === undefined
              ? { inheritFromIAMRole: true }
              : { accessKeyId: { name: keys, key: 'id' }, secretAccessKey: { name: keys, key: 'secret' } },
          wal: { compression: 'gzip', maxParallel: 4 },
          data: { compression: 'gzip' },
        },
      },
    },
  });
  const backup = new ApiObject(scope, 'base-backups', {
    apiVersion: 'postgresql.cnpg.io/v1',
    kind: 'ScheduledBackup',
    metadata: { ...metadata, name: `${name}-base` },
    ...{
      spec: {
        // The operator counts seconds, too.
        schedule: `0 ${archive.schedule ?? '0 2 * * *'}`,
        immediate: true,
        backupOwnerReference: 'cluster',
        cluster: { name },
        method: 'plugin',
        pluginConfiguration: { name: 'barman-cloud.cloudnative-pg.io' },
      },
    },
  });
  return [store, backup];
}

interface ArchiveFacts {
  readonly name: string;
  readonly namespace: string;
  readonly archive: PostgresArchive;
  /** Secret with `id` and `secret`; absent where a role is used. */
  readonly keys: string | undefined;
}

function sized({ size, storageClass }: Storage): JsonObject {
  return { size: `${size.toMebibytes()}Mi`, ...(storageClass && { storageClass }) };
}
