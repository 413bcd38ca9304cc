import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  Duration,
  Milvus,
  type MilvusCollection,
  type MilvusMode,
  type MilvusObjects,
  Size,
} from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, objects, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

const storage = { size: Size.gibibytes(1) };

function milvus(mode: MilvusMode) {
  const on = bench();
  const made = new Milvus(on.namespace, 'milvus', {
    images: on.images,
    resources: small,
    mode,
    storage,
    collections: [{ name: 'passages', dimension: 384 }],
    connections: on.connections,
  });
  return { ...on, made };
}

const s3: Extract<MilvusObjects, { kind: 's3' }> = {
  kind: 's3',
  host: 's3.eu-central-1.amazonaws.com',
  bucket: 'vectors',
  region: 'eu-central-1',
  access: { kind: 'keys', id: 'Key1', secret: 'Geheim1' },
  at: { cidr: '52.219.0.0/16' },
};

describe('Milvus in every mode', () => {
  const modes: [string, MilvusMode][] = [
    ['lite', { kind: 'lite' }],
    ['standalone on its volume', { kind: 'standalone', metadata: { kind: 'embedded' }, objects: { kind: 'volume' } }],
    ['standalone on S3', { kind: 'standalone', metadata: { kind: 'beside', resources: small, storage }, objects: s3 }],
  ];

  it.each(modes)('%s: the same port, a claim for its data, and the restricted standard', (_, mode) => {
    const on = milvus(mode);
    const manifests = on.synth();
    expect(on.made.workload.ports.grpc.number).toBe(19530);
    expect(objectsAt(object(manifests, 'StatefulSet', 'milvus'), 'spec', 'volumeClaimTemplates')).toHaveLength(1);
    for (const set of objects(manifests, 'StatefulSet')) {
      expect(restrictedViolations(podOf(manifests, String(set.metadata.name)))).toEqual([]);
    }
  });
});

describe('Milvus Lite', () => {
  it('serves its data folder', () => {
    expect(containerOf(milvus({ kind: 'lite' }).synth(), 'milvus').command).toEqual(
      'milvus-lite server --data-dir /data --host 0.0.0.0 --port 19530'.split(' '),
    );
  });
});

describe('Milvus standalone', () => {
  it('runs alone with the etcd inside it, which nobody else reaches', () => {
    const mode: MilvusMode = { kind: 'standalone', metadata: { kind: 'embedded' }, objects: { kind: 'volume' } };
    const manifests = milvus(mode).synth();
    expect(objects(manifests, 'StatefulSet')).toHaveLength(1);
    expect(envOf(manifests, 'milvus')).toMatchObject({
      ETCD_USE_EMBED: 'true',
      ETCD_DATA_DIR: '/var/lib/milvus/etcd',
      ETCD_CONFIG_PATH: '/etc/milvus/etcd.yaml',
      COMMON_STORAGETYPE: 'local',
    });
    expect(String(at(object(manifests, 'ConfigMap', 'milvus-etcd'), 'data', 'etcd.yaml'))).toMatch(
      /listen-client-urls: http:\/\/127\.0\.0\.1:2379/,
    );
  });

  it('starts after the etcd beside it and reaches only that', () => {
    const mode: MilvusMode = {
      kind: 'standalone',
      metadata: { kind: 'beside', resources: small, storage },
      objects: { kind: 'volume' },
    };
    const manifests = milvus(mode).synth();
    expect(envOf(manifests, 'milvus')).toMatchObject({ ETCD_USE_EMBED: 'false', ETCD_ENDPOINTS: 'milvus-etcd:2379' });
    expect(objects(manifests, 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual(['milvus-etcd', 'milvus']);
    const [etcd, vectors] = podsOf(manifests);
    if (!etcd || !vectors) throw new Error('pods are missing');
    const reach = new Reachability(manifests);
    expect(reach.allows(vectors, etcd, 2379, 'TCP')).toBe(true);
    expect(reach.allows(etcd, vectors, 19530, 'TCP')).toBe(false);
  });

  it('reaches its bucket with keys from a Secret, at the store’s addresses only', () => {
    const manifests = milvus({ kind: 'standalone', metadata: { kind: 'embedded' }, objects: s3 }).synth();
    expect(envOf(manifests, 'milvus')).toMatchObject({
      COMMON_STORAGETYPE: 'remote',
      MINIO_ADDRESS: 's3.eu-central-1.amazonaws.com',
      MINIO_PORT: '443',
      MINIO_USE_SSL: 'true',
      MINIO_USE_IAM: 'false',
      MINIO_BUCKET_NAME: 'vectors',
      MINIO_ROOT_PATH: 'milvus',
      MINIO_ACCESS_KEY_ID: 'milvus-store/id',
      MINIO_SECRET_ACCESS_KEY: 'milvus-store/secret',
    });
    const [pod] = podsOf(manifests);
    if (!pod) throw new Error('the pod is missing');
    const reach = new Reachability(manifests);
    expect(reach.allowsAddress(pod, '52.219.1.1', 443, 'TCP')).toBe(true);
    expect(reach.allowsAddress(pod, '93.184.216.34', 443, 'TCP')).toBe(false);
  });

  it('stands for a cloud role in place of keys', () => {
    const accountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/milvus' };
    const objectsInRole: MilvusObjects = { ...s3, access: { kind: 'role', accountAnnotations } };
    const manifests = milvus({ kind: 'standalone', metadata: { kind: 'embedded' }, objects: objectsInRole }).synth();
    expect(object(manifests, 'ServiceAccount', 'milvus').metadata.annotations).toEqual(accountAnnotations);
    expect(envOf(manifests, 'milvus')).toMatchObject({ MINIO_USE_IAM: 'true' });
    expect(objects(manifests, 'Secret')).toEqual([]);
  });
});

describe('Milvus with collections', () => {
  const collections: readonly MilvusCollection[] = [
    { name: 'documents', dimension: 384, index: { kind: 'IVF_FLAT', nlist: 256, nprobe: 8 } },
    { name: 'images', dimension: 512, index: { kind: 'HNSW', ef: 100 } },
    { name: 'made_elsewhere', dimension: 384 },
  ];
  const standalone: MilvusMode = { kind: 'standalone', metadata: { kind: 'embedded' }, objects: { kind: 'volume' } };

  function filled(mode: MilvusMode, more: readonly MilvusCollection[] = collections) {
    const on = bench();
    const made = new Milvus(on.namespace, 'milvus', {
      images: on.images,
      resources: small,
      name: 'vector-db',
      mode,
      storage,
      collections: more,
      autoFlush: Duration.seconds(60),
      connections: on.connections,
    });
    return { ...on, made };
  }

  it('has those with an index made by a job, and tells how to search them', () => {
    const on = filled(standalone);
    const manifests = on.synth();
    expect(Object.keys(at(object(manifests, 'ConfigMap', 'vector-db-collections-files'), 'data') ?? {}).sort()).toEqual(
      [
        'collections.sh',
        'collections.txt',
        'documents.create.json',
        'documents.load.json',
        'images.create.json',
        'images.load.json',
      ],
    );
    expect(envOf(manifests, 'vector-db-collections')).toMatchObject({ MILVUS_URL: 'http://vector-db:19530' });
    expect(on.made.workload.ports.grpc.facts).toEqual({ SEARCH: '{"documents":{"nprobe":8},"images":{"ef":100}}' });
    expect(envOf(manifests, 'vector-db')).toMatchObject({ DATANODE_SEGMENT_SYNCPERIOD: '60' });
    expect(podsOf(manifests).map(({ name }) => name)).toContain('vector-db');
  });

  it('leaves them to who fills them in lite mode', () => {
    expect(objects(filled({ kind: 'lite' }).synth(), 'Job')).toEqual([]);
  });

  it('refuses parameters that Milvus would refuse', () => {
    const wrong = [{ name: 'a', dimension: 384, index: { kind: 'IVF_SQ8', nlist: 8, nprobe: 9 } }] as const;
    expect(synthError(filled(standalone, wrong).synth)).toMatch(
      /collections\.a\.index\.nprobe is 9: there are 8 clusters/,
    );
  });
});

describe('Milvus distributed', () => {
  const part = { replicas: 2, resources: small };
  const distributed: MilvusMode = {
    kind: 'distributed',
    parts: { proxy: part, coordinator: part, query: part, data: part, streaming: part },
    metadata: { kind: 'beside', resources: small, storage },
    objects: s3,
  };

  it('is an object of the operator, with what it depends on', () => {
    const manifests = milvus(distributed).synth();
    const { spec } = object(manifests, 'Milvus', 'milvus');
    expect(spec).toMatchObject({
      mode: 'cluster',
      components: {
        podLabels: { app: 'milvus' },
        runAsNonRoot: true,
        proxy: { replicas: 2 },
        queryNode: { replicas: 2 },
      },
      dependencies: {
        msgStreamType: 'woodpecker',
        etcd: { external: true, endpoints: ['milvus-etcd.test.svc:2379'] },
        storage: {
          external: true,
          type: 'S3',
          secretRef: 'milvus-store',
          endpoint: 's3.eu-central-1.amazonaws.com:443',
        },
      },
      config: { minio: { bucketName: 'vectors', useIAM: false } },
    });
    expect(at(object(manifests, 'Secret', 'milvus-store'), 'stringData')).toEqual({
      accesskey: 'Key1',
      secretkey: 'Geheim1',
    });
    expect(at(object(manifests, 'Service', 'milvus'), 'spec', 'selector')).toEqual({
      app: 'milvus',
      'app.kubernetes.io/component': 'proxy',
    });
    expect(manifests.filter(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.name === 'milvus')).toEqual(
      [],
    );
  });

  it('gives its parts the account of the role', () => {
    const accountAnnotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/milvus' };
    const objectsInRole = { ...s3, access: { kind: 'role', accountAnnotations } } as const;
    const manifests = milvus({ ...distributed, objects: objectsInRole }).synth();
    expect(object(manifests, 'ServiceAccount', 'milvus').metadata.annotations).toEqual(accountAnnotations);
    expect(at(object(manifests, 'Milvus', 'milvus'), 'spec', 'components', 'serviceAccountName')).toBe('milvus');
  });

  it('needs each of its parts', () => {
    const parts = { ...distributed.parts, query: { ...part, replicas: 0 } };
    expect(synthError(milvus({ ...distributed, parts }).synth)).toMatch(/mode\.parts\.query\.replicas is 0/);
  });
});
