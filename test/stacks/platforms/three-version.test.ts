import { describe, expect, it } from '@jest/globals';
import { at, objectsAt, podSpecOf } from '../../../constructs/bridge/manifest.ts';
import { envOf, podOf } from '../../support/manifests.ts';
import { podsOf, Reachability } from '../../support/reachability.ts';
import { find, manifestsOf } from '../guides/support/inventory.ts';

const versions = ['platform-v2-stable', 'platform-v1-exp', 'platform-v3-quarantine'] as const;

describe.each(['local', 'prod'] as const)('three-version in %s', (environment) => {
  const manifests = [...manifestsOf('three-version', environment)];
  const reach = new Reachability(manifests);
  const pods = podsOf(manifests);
  const ports = [...new Set(manifests.flatMap((each) => portsOf(each)))];

  it('isolates each version from the others, on every port, both ways', () => {
    expect(ports).toEqual(expect.arrayContaining([8000, 6379, 5432]));
    const open = pods.flatMap((source) =>
      pods
        .filter(({ namespace }) => namespace !== source.namespace)
        .filter(({ namespace }) => isVersion(namespace) && isVersion(source.namespace))
        .flatMap((target) =>
          ports
            .filter((port) => reach.allows(source, target, port, 'TCP'))
            .map((port) => `${source.name} -> ${target.name}:${port}`),
        ),
    );
    expect(open).toEqual([]);
  });

  it('lets each version reach the database and nothing else of what they share', () => {
    for (const version of versions) {
      const api = pods.find(({ namespace, name }) => namespace === version && name.endsWith('-api'));
      const open = pods
        .filter(({ namespace }) => namespace === 'platform-data')
        .flatMap((target) =>
          ports.filter((port) => api && reach.allows(api, target, port, 'TCP')).map((port) => `${target.name}:${port}`),
        )
        // The stand-in for language models is there where nothing else is.
        .filter((name) => !name.startsWith('llm-stand-in:'));
      expect(open).toEqual(['postgres:5432']);
    }
  });

  it('gives each version a role of its own in the database', () => {
    const roles = versions.map((_, index) => envOf(manifests, `platform-v${[2, 1, 3][index]}-api`).POSTGRES_ROLE);
    expect(roles).toEqual(['platform_v2', 'platform_v1', 'platform_v3']);
  });

  it('gives the quarantine the least', () => {
    const cpu = (name: string) =>
      Number.parseInt(
        String(at(objectsAt(podOf(manifests, name), 'containers')[0], 'resources', 'requests', 'cpu')),
        10,
      );
    const replicas = (namespace: string, name: string) =>
      at(find(manifests, 'Deployment', { namespace, name }), 'spec', 'replicas');
    expect(cpu('platform-v3-api')).toBeLessThan(cpu('platform-v1-api'));
    expect(replicas('platform-v3-quarantine', 'platform-v3-api')).toBe(1);
  });
});

describe('experiments of three-version', () => {
  it('run on spot capacity, and nothing else does', () => {
    expect(podsOnSpot('prod')).toEqual(['platform-v1-api']);
  });

  it('run anywhere where there is no spot capacity', () => {
    expect(podsOnSpot('local')).toEqual([]);
  });
});

function isVersion(namespace: string): boolean {
  return versions.some((version) => version === namespace);
}

function portsOf(manifest: Parameters<typeof podSpecOf>[0]): readonly number[] {
  return objectsAt(podSpecOf(manifest), 'containers').flatMap((container) =>
    objectsAt(container, 'ports').map(({ containerPort }) => Number(containerPort)),
  );
}

function podsOnSpot(environment: 'local' | 'prod') {
  return manifestsOf('three-version', environment)
    .filter((manifest) => JSON.stringify(podSpecOf(manifest)?.nodeSelector ?? {}).includes('"spot"'))
    .map(({ metadata }) => metadata.name);
}
