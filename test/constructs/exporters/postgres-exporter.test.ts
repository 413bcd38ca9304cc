import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../../constructs/bridge/manifest.ts';
import { Postgres, PostgresExporter, Size } from '../../../constructs/index.ts';
import { anotherNamespace, bench, containerOf, envOf, podOf, small, synthError } from '../../support/manifests.ts';

function exported(elsewhere = false) {
  const on = bench();
  const { images, connections } = on;
  const target = new Postgres(on.namespace, 'postgres', {
    images,
    resources: { ...small, memory: { request: Size.mebibytes(256), limit: Size.mebibytes(512) } },
    storage: { size: Size.gibibytes(1) },
    adminPassword: 'a',
    password: 'p',
    database: 'shop',
    timescale: 'extension',
  });
  const scope = elsewhere ? anotherNamespace(on.chart, 'second') : on.namespace;
  new PostgresExporter(scope, 'exporter', { images, resources: small, target, connections });
  return on;
}

describe('PostgresExporter', () => {
  it('reads user and password from files, and has neither in a variable', () => {
    const manifests = exported().synth();
    expect(envOf(manifests, 'postgres-exporter')).toEqual({
      DATA_SOURCE_URI: 'postgres:5432/shop?sslmode=prefer',
      DATA_SOURCE_USER_FILE: '/etc/postgres-exporter/user',
      DATA_SOURCE_PASS_FILE: '/etc/postgres-exporter/password',
    });
    const [secret] = objectsAt(podOf(manifests, 'postgres-exporter'), 'volumes').filter((volume) => volume.secret);
    expect(objectsAt(secret, 'secret', 'items').map((item) => item.path)).toEqual(['password', 'user']);
    expect(at(containerOf(manifests, 'postgres-exporter'), 'securityContext', 'readOnlyRootFilesystem')).toBe(true);
  });

  it('stays in the namespace of its server', () => {
    expect(synthError(exported(true).synth)).toMatch(
      /target is "test": make the exporter in the namespace of its server/,
    );
  });
});
