import { describe, expect, it } from '@jest/globals';
import { type ImageName, Images } from '../../constructs/index.ts';

const entries = Object.entries(Images.catalogue);
/** Public images whose digest could not be found in two places: the policy pack advises to add it. */
const withoutDigest = [
  'milvus-backup',
  'milvus-distributed',
  'dcgm-exporter',
  'vllm-cpu',
  'triton',
  'mlflow',
  'postgres-cloudnativepg',
];

describe('Images', () => {
  it('gives a public image with tag and digest', () => {
    expect(new Images().get('redis')).toEqual({
      reference: `docker.io/library/redis:7.4.11-alpine@${Images.catalogue.redis.digest}`,
      version: '7.4.11',
    });
  });

  it('prefers what the environment built or mirrors', () => {
    const images = new Images({ overrides: { redis: 'keelson.local/redis:7.0.15-0123456789ab' } });
    expect(images.get('redis')).toEqual({ reference: 'keelson.local/redis:7.0.15-0123456789ab', version: '7.0.15' });
  });

  it.each([
    ['host:5000/redis:7.2.4-alpine', '7.2.4-alpine'],
    [`host:5000/redis@sha256:${'0'.repeat(64)}`, Images.catalogue.redis.version],
    [`mirror/redis:7.4.0@sha256:${'0'.repeat(64)}`, '7.4.0'],
  ])('labels %s with the version that runs', (redis, version) => {
    expect(new Images({ overrides: { redis } }).get('redis').version).toBe(version);
  });

  it("takes the team's own images from its registry, and says what is missing without one", () => {
    expect(new Images({ registry: 'host/team' }).get('orchestrator').reference).toMatch(/^host\/team\/orchestrator:\d/);
    expect(() => new Images().get('orchestrator')).toThrow(/images\.orchestrator is null: .*set the registry/);
  });

  it.each(entries)('%s: no floating tag, and a digest for whatever is public', (name, entry) => {
    const { reference } = new Images({ registry: 'host/team' }).get(name as ImageName); // a key of the catalogue
    expect(reference).not.toMatch(/:latest|:[^@]*(stable|edge|nightly)/);
    expect(reference).toMatch(/^[a-z0-9.-]+(\/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]*(@sha256:[0-9a-f]{64})?$/);
    if (entry.repository !== 'own' && !withoutDigest.includes(name)) expect(reference).toMatch(/@sha256:/);
  });
});
