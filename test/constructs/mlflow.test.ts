import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Mlflow, type MlflowProps, Postgres, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

const s3 = {
  kind: 's3',
  bucket: 'mlflow',
  prefix: 'models',
  region: 'eu-central-1',
  access: { kind: 'keys', id: 'Key1', secret: 'Geheim1' },
  at: { cidr: '52.219.0.0/16' },
} as const;

function mlflow(more: Partial<MlflowProps> = {}) {
  const on = bench();
  const postgres = new Postgres(on.namespace, 'postgres', {
    images: on.images,
    resources: small,
    storage: { size: Size.gibibytes(1) },
    adminPassword: 'Geheim2',
    password: 'Geheim3',
    timescale: 'native-partitions',
  });
  const { images, connections } = on;
  const made = new Mlflow(on.namespace, 'mlflow', {
    images,
    resources: small,
    postgres,
    connections,
    artifacts: s3,
    ...more,
  });
  return { ...on, made };
}

describe('Mlflow', () => {
  it('keeps what it knows in PostgreSQL, with user and password from the Secret', () => {
    const manifests = mlflow().synth();
    const env = objectsAt(containerOf(manifests, 'mlflow'), 'env');
    const names = env.map(({ name }) => name);
    expect(envOf(manifests, 'mlflow')).toMatchObject({
      POSTGRES_USER: 'postgres/user',
      POSTGRES_PASSWORD: 'postgres/password',
      MLFLOW_BACKEND_STORE_URI: 'postgresql://$(POSTGRES_USER):$(POSTGRES_PASSWORD)@postgres:5432/mlflow',
    });
    // The kubelet replaces only what stands before.
    expect(names.indexOf('MLFLOW_BACKEND_STORE_URI')).toBeGreaterThan(names.indexOf('POSTGRES_PASSWORD'));
    expect(restrictedViolations(podOf(manifests, 'mlflow'))).toEqual([]);
  });

  it('keeps files in a bucket, through itself', () => {
    const manifests = mlflow().synth();
    expect(containerOf(manifests, 'mlflow').args).toEqual(
      expect.arrayContaining(['--serve-artifacts', '--artifacts-destination=s3://mlflow/models']),
    );
    expect(envOf(manifests, 'mlflow')).toMatchObject({ AWS_SECRET_ACCESS_KEY: 'mlflow-store/secret' });
  });

  it('keeps files on a volume that one pod has', () => {
    const artifacts = { kind: 'claim', size: Size.gibibytes(10) } as const;
    const manifests = mlflow({ artifacts }).synth();
    expect(at(object(manifests, 'PersistentVolumeClaim', 'mlflow-artifacts'), 'spec', 'accessModes')).toEqual([
      'ReadWriteOnce',
    ]);
    expect(containerOf(manifests, 'mlflow').args).toContain('--artifacts-destination=/artifacts');
    expect(synthError(mlflow({ artifacts, replicas: 2 }).synth)).toMatch(/replicas is 2: a volume belongs to one node/);
  });

  it('answers under its own names, and those it is given', () => {
    const hosts = envOf(mlflow({ hosts: ['mlflow.example.com'] }).synth(), 'mlflow').MLFLOW_SERVER_ALLOWED_HOSTS?.split(
      ',',
    );
    expect(hosts).toEqual(expect.arrayContaining(['mlflow:5000', 'mlflow.test.svc:5000', 'mlflow.example.com']));
  });
});
