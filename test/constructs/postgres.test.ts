import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Postgres, type PostgresProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';

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
