import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  Backup,
  BackupMetrics,
  type BackupProps,
  type BackupSource,
  Duration,
  Milvus,
  Postgres,
  Prometheus,
  Qdrant,
  Redis,
  Size,
} from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

const storage = { size: Size.gibibytes(1) };
const bucket = {
  bucket: 'qratum-backups',
  region: 'eu-central-1',
  access: { kind: 'keys', id: 'Key1', secret: 'Geheim1' },
  at: { cidr: '52.219.0.0/16' },
} as const;

function backup(more: (on: ReturnType<typeof bench>) => Partial<BackupProps> = () => ({})) {
  const on = bench();
  const { images, connections, namespace } = on;
  const base = { images, resources: small };
  const metrics = new BackupMetrics(namespace, 'metrics', { ...base, storage });
  const redis = new Redis(namespace, 'redis', {
    ...base,
    password: 'Geheim2',
    persistence: { kind: 'rdb', ...storage },
  });
  const made = new Backup(namespace, 'backup', {
    images,
    metrics,
    connections,
    sources: [{ kind: 'redis', name: 'redis', server: redis }],
    schedule: { every: Duration.minutes(10) },
    drill: { daily: '03:30' },
    retention: { last: 10 },
    objectives: { recoveryPoint: Duration.minutes(15), recoveryTime: Duration.hours(1) },
    workspace: Size.mebibytes(100),
    target: { kind: 's3', ...bucket },
    ...more(on),
  });
  return { ...on, made };
}

const initOf = (on: ReturnType<typeof backup>, name: string) =>
  objectsAt(podOf(on.synth(), name), 'initContainers').map((container) => container.name);

describe('Backup', () => {
  it('dumps, uploads and tells, on its schedule, one at a time', () => {
    const on = backup();
    const job = object(on.synth(), 'CronJob', 'backup');
    expect(job.spec).toMatchObject({ schedule: '*/10 * * * *', timeZone: 'Etc/UTC', concurrencyPolicy: 'Forbid' });
    expect(initOf(on, 'backup')).toEqual(['dump-redis', 'upload']);
    expect(initOf(on, 'backup-drill')).toEqual(['fetch', 'check-redis']);
    expect(object(on.synth(), 'CronJob', 'backup-drill').spec).toMatchObject({ schedule: '30 3 * * *' });
    for (const name of ['backup', 'backup-drill', 'backup-metrics']) {
      expect(restrictedViolations(podOf(on.synth(), name))).toEqual([]);
    }
  });

  it('lets each job do with buckets what it has to', () => {
    const target = { kind: 's3', ...bucket, access: { kind: 'role', accountAnnotations: { may: 'both' } } } as const;
    const annotations = (more: Partial<BackupProps>) => {
      const manifests = backup(() => ({ target, ...more })).synth();
      return ['backup', 'backup-drill'].map((name) => object(manifests, 'ServiceAccount', name).metadata.annotations);
    };
    expect(annotations({})).toEqual([{ may: 'both' }, { may: 'both' }]);
    const accounts = { backup: { may: 'write' }, drill: { may: 'read' } };
    expect(annotations({ accounts })).toEqual([{ may: 'write' }, { may: 'read' }]);
  });

  it('keeps passwords in Secrets only', () => {
    const holders = backup()
      .synth()
      .filter((manifest) => /Geheim/.test(JSON.stringify(manifest)));
    expect(new Set(holders.map(({ kind }) => kind))).toEqual(new Set(['Secret']));
  });

  it('reaches what it backs up, its target and the metrics; the drill has no need of the servers', () => {
    const manifests = backup().synth();
    const reach = new Reachability(manifests);
    const pods = Object.fromEntries(podsOf(manifests).map((pod) => [pod.name, pod]));
    const allows = (from: string, to: string, port: number) => {
      const [source, target] = [pods[from], pods[to]];
      if (!source || !target) throw new Error('a pod is missing');
      return reach.allows(source, target, port, 'TCP');
    };
    expect(allows('backup', 'redis', 6379)).toBe(true);
    expect(allows('backup-drill', 'redis', 6379)).toBe(false);
    expect(allows('backup-drill', 'backup-metrics', 9091)).toBe(true);
    expect(pods.backup && reach.allowsAddress(pods.backup, '52.219.1.1', 443, 'TCP')).toBe(true);
    expect(envOf(manifests, 'backup-drill')).toMatchObject({ BACKUP_METRICS_URL: 'http://backup-metrics:9091' });
  });

  it('alerts on what it promises', () => {
    const on = backup();
    const { alerts } = on.made;
    expect(alerts.rules.map(({ name, expr }) => [name, expr])).toEqual(
      expect.arrayContaining([
        ['BackupTooOld', 'time() - backup_last_success_timestamp_seconds{backup="backup"} > 900'],
        ['RestoreDrillFailed', 'backup_drill_success{backup="backup"} == 0'],
        ['RecoveryTimeMissed', 'backup_drill_recovery_time_seconds{backup="backup"} > 3600'],
      ]),
    );
    new Prometheus(on.namespace, 'prometheus', {
      images: on.images,
      resources: small,
      storage,
      targets: [],
      connections: on.connections,
      alerts: [alerts],
    });
    expect(() => on.synth()).not.toThrow();
  });

  it('takes each kind of source', () => {
    const on = backup(({ namespace, images, connections }) => {
      const base = { images, resources: small };
      const postgres = new Postgres(namespace, 'postgres', {
        ...base,
        storage,
        adminPassword: 'Geheim3',
        password: 'Geheim4',
        timescale: 'extension',
      });
      const qdrant = new Qdrant(namespace, 'qdrant', {
        ...base,
        apiKey: 'Geheim5',
        readOnlyApiKey: 'Geheim6',
        storage,
        snapshots: { kind: 'claim', ...storage },
        topology: { kind: 'distributed', peers: 3 },
        collections: [],
        connections,
      });
      const milvus = new Milvus(namespace, 'milvus', {
        ...base,
        storage,
        collections: [],
        connections,
        mode: { kind: 'standalone', metadata: { kind: 'embedded' }, objects: { kind: 'volume' } },
      });
      const sources: BackupSource[] = [
        { kind: 'postgres', name: 'postgres', server: postgres, databases: ['keelson'], timescale: true },
        { kind: 'qdrant', name: 'qdrant', server: qdrant },
        { kind: 'milvus', name: 'milvus', server: milvus, objects: bucket, backups: { bucket: 'qratum-backups' } },
        { kind: 'files', name: 'models', claim: 'models' },
        { kind: 'bucket', name: 'mlflow', from: { ...bucket, bucket: 'mlflow', prefix: 'models' } },
      ];
      return { sources };
    });
    const manifests = on.synth();
    expect(initOf(on, 'backup')).toEqual(['dump-postgres', 'dump-qdrant', 'dump-milvus', 'dump-models', 'upload']);
    expect(initOf(on, 'backup-drill')).toEqual([
      'fetch',
      'check-postgres',
      'check-qdrant',
      'check-milvus',
      'check-models',
    ]);
    const init = objectsAt(podOf(manifests, 'backup'), 'initContainers');
    expect(String(init[1]?.command)).toContain('http://qdrant-2.qdrant-headless.test.svc:6333');
    expect(objectsAt(init[3], 'volumeMounts')).toContainEqual(
      expect.objectContaining({ name: 'source-models', mountPath: '/sources/models' }),
    );
    expect(at(object(manifests, 'ConfigMap', 'backup-scripts'), 'data', 'copies.txt')).toBe(
      'source_mlflow:mlflow/models mlflow\n',
    );
    expect(JSON.stringify(init[4])).toContain('RCLONE_CONFIG_SOURCE_MLFLOW_ACCESS_KEY_ID');
    for (const name of ['backup', 'backup-drill']) expect(restrictedViolations(podOf(manifests, name))).toEqual([]);
  });

  it('keeps backups on a claim where there is no bucket, and has room for them', () => {
    const target = (mebibytes: number) => () => ({
      target: { kind: 'claim', size: Size.mebibytes(mebibytes) } as const,
    });
    const manifests = backup(target(1100)).synth();
    expect(object(manifests, 'PersistentVolumeClaim', 'backup-target')).toBeDefined();
    expect(objectsAt(containerOf(manifests, 'backup'), 'volumeMounts')).toContainEqual({
      name: 'target',
      mountPath: '/target',
    });
    expect(synthError(backup(target(1000)).synth)).toMatch(
      /target\.size is "1000Mi": raise it to 1100Mi for 10 backups of up to 100Mi and one being made, or keep fewer/,
    );
  });

  it.each<[string, Partial<BackupProps>, RegExp]>([
    [
      'a schedule that loses more',
      { schedule: { every: Duration.minutes(30) } },
      /recoveryPoint is "15 minutes": up to 30 minutes are lost/,
    ],
    ['nothing', { sources: [] }, /sources is \[\]: name at least one/],
    ['to keep none', { retention: { last: 0 } }, /keep at least one backup/],
    [
      'an odd rhythm',
      { drill: { every: Duration.hours(5) } },
      /drill\.every is "300 minutes": use minutes that divide an hour/,
    ],
  ])('refuses %s', (_, more, message) => {
    expect(synthError(backup(() => more).synth)).toMatch(message);
  });
});
