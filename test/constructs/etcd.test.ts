import { describe, expect, it } from '@jest/globals';
import { objectsAt } from '../../constructs/bridge/manifest.ts';
import { Etcd, Size } from '../../constructs/index.ts';
import { bench, containerOf, object, small } from '../support/manifests.ts';

describe('Etcd', () => {
  it('keeps its data on a claim, tells clients its own name, and answers probes apart from clients', () => {
    const on = bench();
    new Etcd(on.namespace, 'etcd', {
      images: on.images,
      resources: small,
      name: 'meta',
      storage: { size: Size.gibibytes(1) },
    });
    const manifests = on.synth();
    expect(objectsAt(object(manifests, 'StatefulSet', 'meta'), 'spec', 'volumeClaimTemplates')).toHaveLength(1);
    const container = containerOf(manifests, 'meta');
    expect(container.args).toEqual(
      expect.arrayContaining(['--data-dir=/data/etcd', '--advertise-client-urls=http://meta:2379']),
    );
    expect(container.livenessProbe).toMatchObject({ httpGet: { port: 2381, path: '/health?serializable=true' } });
  });
});
