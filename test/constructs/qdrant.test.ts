import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Qdrant, type QdrantProps, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, objects, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

const storage = { size: Size.gibibytes(1) };

function qdrant(more: Partial<QdrantProps> = {}) {
  const on = bench();
  const made = new Qdrant(on.namespace, 'qdrant', {
    images: on.images,
    resources: small,
    apiKey: 'Geheim1',
    readOnlyApiKey: 'Geheim2',
    storage,
    snapshots: { kind: 'claim', ...storage },
    collections: [{ name: 'passages', dimension: 384 }],
    connections: on.connections,
    ...more,
  });
  return { ...on, made };
}

const distributed = { kind: 'distributed', peers: 3 } as const;

describe('Qdrant', () => {
  it('listens on the ports of its clients, with its data in claims of its own', () => {
    const manifests = qdrant().synth();
    expect(restrictedViolations(podOf(manifests, 'qdrant'))).toEqual([]);
    expect(objectsAt(object(manifests, 'Service', 'qdrant'), 'spec', 'ports').map(({ port }) => port)).toEqual([
      6333, 6334,
    ]);
    const claims = objectsAt(object(manifests, 'StatefulSet', 'qdrant'), 'spec', 'volumeClaimTemplates');
    expect(claims.map((claim) => at(claim, 'metadata', 'name'))).toEqual(['storage', 'snapshots']);
    expect(objectsAt(containerOf(manifests, 'qdrant'), 'volumeMounts')).toContainEqual({
      name: 'storage',
      mountPath: '/qdrant/storage',
    });
  });

  it('keeps its keys in a Secret only', () => {
    const manifests = qdrant().synth();
    const holders = manifests.filter((manifest) => /Geheim/.test(JSON.stringify(manifest)));
    expect(holders.map(({ kind }) => kind)).toEqual(['Secret']);
    expect(envOf(manifests, 'qdrant')).toMatchObject({ QDRANT__SERVICE__API_KEY: 'qdrant/api-key' });
  });

  it('has its collections made by a job that alone knows the key besides', () => {
    const manifests = qdrant().synth();
    expect(envOf(manifests, 'qdrant-collections')).toMatchObject({
      QDRANT_URL: 'http://qdrant:6333',
      QDRANT_API_KEY: 'qdrant/api-key',
    });
    expect(restrictedViolations(podOf(manifests, 'qdrant-collections'))).toEqual([]);
    expect(at(object(manifests, 'Job', 'qdrant-collections'), 'spec', 'template', 'spec', 'restartPolicy')).toBe(
      'Never',
    );
    expect(objects(qdrant({ collections: [] }).synth(), 'Job')).toEqual([]);
  });

  it('lets peers talk to each other, and nobody else to the port that asks for no key', () => {
    const manifests = qdrant({ topology: distributed }).synth();
    expect(object(manifests, 'StatefulSet', 'qdrant').spec).toMatchObject({ replicas: 3 });
    expect(String(containerOf(manifests, 'qdrant').command)).toContain(
      '--bootstrap "http://qdrant-0.qdrant-headless:6335"',
    );
    const reach = new Reachability(manifests);
    const [peer, job] = podsOf(manifests);
    if (!peer || !job) throw new Error('pods are missing');
    expect(reach.allows(peer, peer, 6335, 'TCP')).toBe(true);
    expect(reach.allows(job, peer, 6335, 'TCP')).toBe(false);
    expect(reach.allows(job, peer, 6333, 'TCP')).toBe(true);
    expect(objects(manifests, 'PodDisruptionBudget')).toHaveLength(1);
  });

  it('protects that port by a certificate where somebody signs one', () => {
    const manifests = qdrant({ topology: { ...distributed, tls: { kind: 'Issuer', name: 'internal' } } }).synth();
    expect(at(object(manifests, 'Certificate', 'qdrant-tls'), 'spec', 'dnsNames')).toContain('*.qdrant-headless');
    expect(envOf(manifests, 'qdrant')).toMatchObject({
      QDRANT__CLUSTER__P2P__ENABLE_TLS: 'true',
      QDRANT__TLS__CA_CERT: '/etc/qdrant-tls/ca.crt',
    });
    expect(objectsAt(podOf(manifests, 'qdrant'), 'volumes')).toContainEqual(
      expect.objectContaining({ secret: expect.objectContaining({ secretName: 'qdrant-tls' }) }),
    );
  });

  it('writes snapshots to a bucket', () => {
    const snapshots = {
      kind: 's3',
      bucket: 'snapshots',
      region: 'eu-central-1',
      access: { kind: 'keys', id: 'Key1', secret: 'Geheim3' },
      at: { cidr: '52.219.0.0/16' },
    } as const;
    expect(envOf(qdrant({ snapshots }).synth(), 'qdrant')).toMatchObject({
      QDRANT__STORAGE__SNAPSHOTS_CONFIG__SNAPSHOTS_STORAGE: 's3',
      QDRANT__STORAGE__SNAPSHOTS_CONFIG__S3_CONFIG__BUCKET: 'snapshots',
      QDRANT__STORAGE__SNAPSHOTS_CONFIG__S3_CONFIG__SECRET_KEY: 'qdrant-store/secret',
    });
  });

  it('refuses too few peers and too little room for snapshots', () => {
    expect(synthError(qdrant({ topology: { kind: 'distributed', peers: 2 } }).synth)).toMatch(
      /topology\.peers is 2: use 3 or more/,
    );
    const snapshots = { kind: 'claim', size: Size.mebibytes(512) } as const;
    expect(synthError(qdrant({ snapshots }).synth)).toMatch(/snapshots\.size is "512Mi": raise it to 1Gi/);
  });
});
