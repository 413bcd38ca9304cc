import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Postgres, type PostgresProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

function postgres(more: Partial<PostgresProps> = {}) {
  const on = bench();
  const made = new Postgres(on.namespace, 'postgres', {
    images: on.images,
    resources: small,
    storage: { size: Size.gibibytes(2) },
    adminPassword: 'Geheim1',
    password: 'Geheim2',
    timescale: 'native-partitions',
    ...more,
  });
  return { ...on, made };
}

const init = (more: Partial<PostgresProps> = {}) =>
  String(at(object(postgres(more).synth(), 'ConfigMap', 'postgres-init'), 'data', '10-application.sql'));

describe('Postgres', () => {
  it('keeps both passwords in a Secret only, and reads them from files', () => {
    const manifests = postgres().synth();
    const holders = manifests.filter((manifest) => /Geheim[12]/.test(JSON.stringify(manifest)));
    expect(holders.map(({ kind }) => kind)).toEqual(['Secret']);
    expect(envOf(manifests, 'postgres')).toMatchObject({
      POSTGRES_PASSWORD_FILE: '/etc/postgres-secrets/admin-password',
    });
    expect(init()).toContain('`cat /etc/postgres-secrets/password`');
  });

  it('makes roles that the application may take on before anybody connects', () => {
    const sql = init({ database: 'platform', workRoles: ['reader'] });
    expect(sql.indexOf('CREATE ROLE "reader" NOLOGIN;')).toBeGreaterThan(sql.indexOf('CREATE ROLE "platform" LOGIN'));
    expect(sql).toContain('GRANT "reader" TO "platform";');
    expect(synthError(postgres({ workRoles: ['a-b'] }).synth)).toMatch(/workRoles is "a-b": use lower-case/);
  });

  it('keeps its data in a folder of a claim', () => {
    const manifests = postgres().synth();
    expect(envOf(manifests, 'postgres').PGDATA).toBe('/data/pgdata');
    expect(objectsAt(containerOf(manifests, 'postgres'), 'volumeMounts')).toContainEqual({
      name: 'data',
      mountPath: '/data',
    });
    expect(objectsAt(object(manifests, 'StatefulSet', 'postgres'), 'spec', 'volumeClaimTemplates')).toMatchObject([
      { metadata: { name: 'data' }, spec: { resources: { requests: { storage: '2048Mi' } } } },
    ]);
  });

  it('gives clients a role of their own, and not the administrator', () => {
    const on = postgres({ database: 'ledger' });
    const { port } = { port: on.made.workload.ports.postgres };
    expect(port.path).toBe('/ledger');
    expect(port.credentials?.forClients).toEqual({ USER: 'user', PASSWORD: 'password' });
    expect(object(on.synth(), 'Secret', 'postgres').stringData).toMatchObject({ user: 'ledger', password: 'Geheim2' });
    expect(init({ database: 'ledger' })).toMatch(
      /CREATE ROLE "ledger" LOGIN[\s\S]*ALTER DATABASE "ledger" OWNER TO "ledger"/,
    );
  });

  it('creates TimescaleDB only where the image has it, and tells clients which it is', () => {
    const facts = (timescale: PostgresProps['timescale']) => postgres({ timescale }).made.workload.ports.postgres.facts;
    const args = (timescale: PostgresProps['timescale']) =>
      String(containerOf(postgres({ timescale }).synth(), 'postgres').args);
    expect(facts('extension')).toEqual({ TIMESERIES: 'hypertables' });
    expect(init({ timescale: 'extension' })).toContain('CREATE EXTENSION IF NOT EXISTS timescaledb');
    expect(args('extension')).toContain('shared_preload_libraries=timescaledb');
    expect(facts('native-partitions')).toEqual({ TIMESERIES: 'partitions' });
    expect(init()).not.toContain('timescaledb');
    expect(args('native-partitions')).not.toContain('timescaledb');
  });

  it('is not ready while the data folder is being filled, when it listens on its socket only', () => {
    expect(at(containerOf(postgres().synth(), 'postgres'), 'readinessProbe', 'exec', 'command')).toContain('127.0.0.1');
  });

  it('has room for sockets and for the shared memory of parallel queries', () => {
    const volumes = objectsAt(podOf(postgres().synth(), 'postgres'), 'volumes');
    expect(volumes).toContainEqual({ name: 'shm', emptyDir: { medium: 'Memory', sizeLimit: '32Mi' } });
    expect(volumes.map(({ name }) => name)).toContain('run');
  });

  it('refuses names that SQL would have to quote, and more connections than there is memory for', () => {
    expect(synthError(postgres({ database: 'Led"ger' }).synth)).toMatch(/database is "Led"ger": use at most 31/);
    expect(synthError(postgres({ maxConnections: 500 }).synth)).toMatch(/maxConnections is 500: lower it to 64/);
  });
});

describe('Postgres with more than one server', () => {
  function wider(more: Partial<PostgresProps> = {}) {
    const on = bench();
    const made = new Postgres(on.namespace, 'postgres', {
      images: on.images,
      resources: small,
      storage: { size: Size.gibibytes(2) },
      adminPassword: 'Geheim1',
      password: 'Geheim2',
      replicationPassword: 'Geheim3',
      timescale: 'extension',
      database: 'platform',
      connections: on.connections,
      ...more,
    });
    return { ...on, made };
  }

  it('has replicas that follow it, once the role for that is there', () => {
    const on = wider({ form: { kind: 'statefulset', readReplicas: 2 } });
    const manifests = on.synth();
    expect(object(manifests, 'StatefulSet', 'postgres-replica').spec).toMatchObject({ replicas: 2 });
    expect(envOf(manifests, 'postgres-replica')).toMatchObject({
      PRIMARY: 'postgres',
      REPLICATION_PASSWORD: 'postgres/replication-password',
    });
    expect(String(containerOf(manifests, 'postgres').args)).toContain('hba_file=/etc/postgres/pg_hba.conf');
    expect(String(at(object(manifests, 'ConfigMap', 'postgres-setup-files'), 'data', 'setup.sql'))).toContain(
      'CREATE ROLE replicator LOGIN REPLICATION',
    );
    const order = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(order.indexOf('Job postgres-setup')).toBeLessThan(order.indexOf('StatefulSet postgres-replica'));
    for (const name of ['postgres', 'postgres-replica', 'postgres-setup']) {
      expect(restrictedViolations(podOf(manifests, name))).toEqual([]);
    }
    expect(on.made.readers?.ports.postgres.number).toBe(5432);
  });

  it('leaves a single server as it was', () => {
    const [before, after] = [
      postgres().synth(),
      wider({ timescale: 'native-partitions', database: 'keelson' }).synth(),
    ];
    expect(object(after, 'StatefulSet', 'postgres').spec).toEqual(object(before, 'StatefulSet', 'postgres').spec);
  });

  it('shares out its connections, with passwords in the Secret only', () => {
    const on = wider({ pooling: { size: 10 }, maxConnections: 60 });
    const manifests = on.synth();
    const conf = String(at(object(manifests, 'ConfigMap', 'postgres-pool-config'), 'data', 'pgbouncer.ini'));
    expect(conf).toMatch(/\* = host=postgres port=5432/);
    expect(conf).toMatch(/pool_mode = transaction\ndefault_pool_size = 10/);
    expect(at(object(manifests, 'Secret', 'postgres'), 'stringData', 'userlist.txt')).toBe('"platform" "Geheim2"\n');
    expect(manifests.filter((each) => /Geheim/.test(JSON.stringify(each))).map(({ kind }) => kind)).toEqual(['Secret']);
    expect(object(manifests, 'Deployment', 'postgres-pool').spec).toMatchObject({ replicas: 2 });
    expect(restrictedViolations(podOf(manifests, 'postgres-pool'))).toEqual([]);
    expect(on.made.pool?.ports.postgres.path).toBe('/platform');
  });

  it('brings each change to a bucket', () => {
    const archive = {
      bucket: 'changes',
      region: 'eu-central-1',
      access: { kind: 'role' },
      at: { cidr: '52.219.0.0/16' },
      retentionDays: 14,
    } as const;
    const manifests = wider({ archive }).synth();
    expect(String(containerOf(manifests, 'postgres').args)).toMatch(
      /archive_mode=on.*archive_command=.*archive_timeout|archive_timeout=300.*archive_mode=on/,
    );
    const [, shipper] = objectsAt(podOf(manifests, 'postgres'), 'containers');
    expect(String(shipper?.command)).toContain('rclone move /data/archive "store:changes/postgres/wal"');
    expect(restrictedViolations(podOf(manifests, 'postgres'))).toEqual([]);
  });

  it('has its roles and schemas made by a job', () => {
    const setup = {
      databases: ['production'],
      roles: [{ name: 'platform_user', password: 'Geheim4' }],
      schemas: [{ name: 'live', roles: { platform: 'own', platform_user: 'write' } }],
      extensions: ['pg_stat_statements'],
    } as const;
    const manifests = wider({ setup }).synth();
    expect(envOf(manifests, 'postgres-setup')).toMatchObject({
      PGHOST: 'postgres',
      ROLE_PASSWORD_0: 'postgres-roles/platform_user',
    });
    expect(String(containerOf(manifests, 'postgres').args)).toContain(
      'shared_preload_libraries=timescaledb,pg_stat_statements',
    );
  });

  it.each<[string, Partial<PostgresProps>, RegExp]>([
    ['pools beyond the server', { pooling: { size: 30 } }, /pooling\.size is 30: lower it to 22: 2 pods/],
    [
      'too much memory for pages',
      { sharedBuffers: Size.mebibytes(200) },
      /sharedBuffers is "200Mi": lower it to 102Mi/,
    ],
  ])('refuses %s', (_, more, message) => {
    expect(synthError(wider(more).synth)).toMatch(message);
  });

  it('says what is missing where its parts have no way to each other', () => {
    expect(() => postgres({ pooling: { size: 5 } })).toThrow(
      /connections is "none, though there is pooling": hand over/,
    );
    const followed = wider({ form: { kind: 'statefulset', readReplicas: 1 } });
    expect(() => followed.synth()).not.toThrow();
  });
});

describe('Postgres by CloudNativePG', () => {
  function cluster(more: Partial<PostgresProps> = {}) {
    const on = bench();
    const made = new Postgres(on.namespace, 'postgres', {
      images: on.images,
      resources: small,
      storage: { size: Size.gibibytes(2), storageClass: 'gp3' },
      adminPassword: 'Geheim1',
      password: 'Geheim2',
      timescale: 'extension',
      database: 'platform',
      form: { kind: 'cloudnativepg', instances: 3, api: { cidr: '10.0.0.1/32' } },
      connections: on.connections,
      ...more,
    });
    return { ...on, made };
  }

  it('is a cluster whose primary has the name that clients know', () => {
    const manifests = cluster().synth();
    expect(object(manifests, 'Cluster', 'postgres').spec).toMatchObject({
      instances: 3,
      enablePDB: true,
      storage: { size: '2048Mi', storageClass: 'gp3' },
      superuserSecret: { name: 'postgres-superuser' },
      bootstrap: { initdb: { database: 'platform', owner: 'platform', secret: { name: 'postgres-app' } } },
      postgresql: { shared_preload_libraries: ['timescaledb'], parameters: { max_connections: '50' } },
      inheritedMetadata: { labels: { app: 'postgres' } },
    });
    expect(at(object(manifests, 'Service', 'postgres'), 'spec', 'selector')).toEqual({
      app: 'postgres',
      'cnpg.io/instanceRole': 'primary',
    });
    const parameters = at(object(manifests, 'Cluster', 'postgres'), 'spec', 'postgresql', 'parameters');
    for (const fixed of ['listen_addresses', 'unix_socket_directories', 'shared_preload_libraries']) {
      expect(parameters).not.toHaveProperty(fixed);
    }
    expect(manifests.filter((each) => /Geheim/.test(JSON.stringify(each))).map(({ kind }) => kind)).toEqual([
      'Secret',
      'Secret',
      'Secret',
    ]);
  });

  it('reaches the API of the cluster, its own kind, and nothing else', () => {
    const manifests = cluster().synth();
    const policy = object(manifests, 'NetworkPolicy', 'postgres');
    expect(objectsAt(policy, 'spec', 'egress').map((rule) => JSON.stringify(rule.to))).toEqual([
      '[{"ipBlock":{"cidr":"10.0.0.1/32"}}]',
      '[{"podSelector":{"matchLabels":{"app":"postgres"}}}]',
    ]);
    expect(JSON.stringify(objectsAt(policy, 'spec', 'ingress'))).toContain('"cnpg-system"');
  });

  it('keeps each change and base backups in a bucket', () => {
    const archive = {
      bucket: 'changes',
      prefix: 'prod',
      region: 'eu-central-1',
      access: { kind: 'keys', id: 'Key1', secret: 'Geheim3' },
      at: { cidr: '52.219.0.0/16' },
      retentionDays: 14,
    } as const;
    const manifests = cluster({ archive }).synth();
    expect(object(manifests, 'ObjectStore', 'postgres-archive').spec).toMatchObject({
      retentionPolicy: '14d',
      configuration: {
        destinationPath: 's3://changes/prod',
        s3Credentials: { accessKeyId: { name: 'postgres-archive', key: 'id' } },
      },
    });
    expect(object(manifests, 'ScheduledBackup', 'postgres-base').spec).toMatchObject({
      schedule: '0 0 2 * * *',
      method: 'plugin',
    });
    expect(objectsAt(object(manifests, 'Cluster', 'postgres'), 'spec', 'plugins')).toMatchObject([
      { isWALArchiver: true, parameters: { barmanObjectName: 'postgres-archive' } },
    ]);
  });

  it('tells clients where to read', () => {
    const on = cluster();
    expect(on.made.workload.ports.postgres.facts).toEqual({
      TIMESERIES: 'hypertables',
      READ_URL: 'postgresql://postgres-ro:5432/platform',
    });
  });
});
