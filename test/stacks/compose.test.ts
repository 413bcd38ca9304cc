import { describe, expect, it } from '@jest/globals';
import type { Manifest } from '../../constructs/bridge/manifest.ts';
import { at, objectsAt, podSpecOf } from '../../constructs/bridge/manifest.ts';
import { type Plan, plan } from '../../constructs/bridge/plan.ts';
import { Images } from '../../constructs/index.ts';
import { isExcepted } from '../../policies/exceptions.ts';
import { objectRules, stackRules } from '../../policies/rules.ts';
import { compose } from '../../stacks/compose.ts';
import { type Environment, environments } from '../../stacks/environments.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';
import { componentsIn } from '../../stacks/where.ts';

function planOf(platform: Platform, environment: Environment): Plan {
  const images = new Images({ registry: 'registry.example/keelson' });
  return plan(compose({ platform, environment, images, secret: (name) => `secret-of-${name}` }).app);
}

const everywhere = Object.values(platforms).flatMap((platform) =>
  Object.values(environments).map((environment) => ({
    platform,
    environment,
    id: `${platform.name}.${environment.name}`,
  })),
);

describe.each(everywhere)('$id', ({ platform, environment }) => {
  const objects = planOf(platform, environment);
  const manifests: readonly Manifest[] = objects.map(({ manifest }) => manifest);

  it('breaks no mandatory policy', () => {
    const rules = objectRules.filter(({ level }) => level === 'mandatory');
    const found = manifests.flatMap((manifest) =>
      rules.filter(({ name }) => !isExcepted(name, manifest)).flatMap((rule) => rule.check(manifest)),
    );
    expect(found).toEqual([]);
    expect(stackRules.flatMap((rule) => rule.checkAll(manifests))).toEqual([]);
  });

  it('has a controller and a service for each component', () => {
    for (const { namespace, component } of componentsIn(platform, environment)) {
      const { name } = component;
      const own = objects.filter(({ manifest }) => manifest.metadata.namespace === namespace);
      const kinds = own.filter((object) => object.name === name).map(({ kind }) => kind);
      expect(kinds).toContain('Service');
      expect(kinds.some((kind) => kind === 'Deployment' || kind === 'StatefulSet')).toBe(true);
    }
  });

  it('starts every workload after those that it connects to', () => {
    const order = objects.filter(({ manifest }) => podSpecOf(manifest) !== undefined).map(({ name }) => name);
    const pairs = platform.connections.filter(({ from, to }) => order.includes(from) && order.includes(to));
    expect(pairs.length).toBeGreaterThan(0);
    for (const { from, to } of pairs) expect(order.indexOf(from)).toBeGreaterThan(order.indexOf(to));
  });

  it('keeps the values of secrets in Secrets', () => {
    const others = manifests.filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(others)).not.toContain('secret-of-');
    // From a store, they never pass through the program.
    const stored = environment.capabilities.has('externalSecrets');
    const holders = JSON.stringify(manifests.filter(({ kind }) => kind === (stored ? 'ExternalSecret' : 'Secret')));
    for (const name of secretsUsed(platform, environment)) {
      expect(holders).toContain(stored ? `keelson/${platform.name}/${environment.name}/${name}` : `secret-of-${name}`);
    }
    if (stored) expect(JSON.stringify(manifests)).not.toContain('secret-of-');
  });

  it('is the same when made again', () => {
    expect(planOf(platform, environment)).toEqual(objects);
  });
});

describe('the secrets of a platform', () => {
  it.each(Object.values(platforms))('are all used in some environment: $name', (platform) => {
    const used = new Set(Object.values(environments).flatMap((environment) => secretsUsed(platform, environment)));
    expect([...used].sort()).toEqual([...platform.secrets, ...(platform.storedSecrets ?? [])].sort());
  });

  it.each(Object.values(platforms))('are all that an environment without a store asks for: $name', (platform) => {
    for (const environment of Object.values(environments)) {
      if (environment.capabilities.has('externalSecrets')) continue;
      expect(platform.secrets).toEqual(expect.arrayContaining([...secretsUsed(platform, environment)]));
    }
  });
});

/** Secrets that are asked for while a platform is composed. */
function secretsUsed(platform: Platform, environment: Environment): readonly string[] {
  const used = new Set<string>();
  const capabilities = new Set([...environment.capabilities].filter((each) => each !== 'externalSecrets'));
  const images = new Images({ registry: 'registry.example/keelson' });
  const secret = (name: string): string => {
    used.add(name);
    return 'x'.repeat(24);
  };
  compose({ platform, environment: { ...environment, capabilities }, images, secret });
  return [...used];
}

describe('compose', () => {
  const rag = platforms['multi-agent-rag'];

  it('lets the environment choose the form of a component', () => {
    const image = (environment: Environment, name: string) => {
      const found = planOf(rag, environment).find((object) => object.kind === 'StatefulSet' && object.name === name);
      return found && objectsAt(podSpecOf(found.manifest), 'containers')[0]?.image;
    };
    expect(image(environments.local, 'milvus')).toContain('/milvus-lite:');
    expect(image(environments.local, 'qdrant')).toBeUndefined();
    expect(image(environments.prod, 'milvus')).toBeUndefined();
    expect(image(environments.prod, 'qdrant')).toContain('/qdrant:');
  });

  it('uses the storage class of the environment, and the default one where it names none', () => {
    const classes = (environment: Environment) =>
      new Set(
        planOf(rag, environment).flatMap(({ manifest }) =>
          objectsAt(manifest, 'spec', 'volumeClaimTemplates').map((claim) => at(claim, 'spec', 'storageClassName')),
        ),
      );
    expect(classes(environments.prod)).toEqual(new Set(['gp3']));
    expect(classes(environments.local)).toEqual(new Set([undefined]));
  });

  it('fits on a machine with two cores and 5 GiB beside the control plane in the local environment', () => {
    const sum = (field: 'cpu' | 'memory') =>
      componentsIn(rag, environments.local).reduce(
        (total, { component }) => total + component.footprint.small[field],
        0,
      );
    expect(sum('cpu')).toBeLessThan(800);
    expect(sum('memory')).toBeLessThan(2048);
  });

  it('says which end of a connection does not exist', () => {
    const broken = { ...rag, connections: [{ from: 'orchestrator', to: 'weaviate', port: 'http' }] };
    expect(() => planOf(broken, environments.local)).toThrow(
      '[multi-agent-rag] connections: orchestrator -> weaviate: "weaviate" is no component; use one of redis,',
    );
  });

  it('says which component lacks the size of its volume', () => {
    const { storage: _storage, ...bare } = { cpu: 1, memory: 64, memoryLimit: 256, storage: 1 };
    const broken: Platform = {
      ...rag,
      namespaces: rag.namespaces.map((namespace) => ({
        ...namespace,
        components: namespace.components.map((component) => ({
          ...component,
          footprint: { ...component.footprint, small: bare },
        })),
      })),
    };
    expect(() => planOf(broken, environments.local)).toThrow('redis.footprint.small.storage is missing');
  });
});
