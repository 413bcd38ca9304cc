import { describe, expect, it } from '@jest/globals';
import { at, type Manifest, objectsAt, podLabelsOf, podSpecOf } from '../../../../constructs/bridge/manifest.ts';
import { plan } from '../../../../constructs/bridge/plan.ts';
import { Images } from '../../../../constructs/index.ts';
import { compose } from '../../../../stacks/compose.ts';
import { type Capability, type EnvironmentName, environments } from '../../../../stacks/environments.ts';
import { type PlatformName, platforms } from '../../../../stacks/platforms/index.ts';

/** Where a guide's command works: everywhere, or where the cluster offers something. */
interface Named {
  readonly namespace: string;
  readonly name: string;
  /** @default - everywhere */
  readonly where?: Capability;
}

/** What the commands of an operations guide name. */
export interface Inventory {
  readonly platform: PlatformName;
  readonly namespaces: readonly string[];
  /** `kubectl … deployment/<name>`; `container` where a command names it. */
  readonly deployments?: readonly (Named & { readonly container?: string })[];
  /** Pods by name: the replicas of stateful sets. */
  readonly pods?: readonly Named[];
  /** `svc/<name>`, or a host name with a port. */
  readonly services?: readonly (Named & { readonly ports: readonly number[] })[];
  readonly autoscalers?: readonly (Named & {
    readonly target: string;
    readonly min: number;
    readonly max: number;
    readonly cpu: number;
    readonly memory?: number;
    readonly upSeconds?: number;
    readonly downSeconds?: number;
  })[];
  readonly configMaps?: readonly Named[];
  readonly secrets?: readonly (Named & { readonly keys: readonly string[] })[];
  readonly networkPolicies?: readonly Named[];
  /** `kubectl … -l app=<name>`. */
  readonly labels?: readonly Named[];
  /** What Prometheus watches: text of the expression, how long, and how bad. */
  readonly alerts?: readonly { readonly has: readonly string[]; readonly for?: string; readonly severity?: string }[];
}

/** All objects of a platform in an environment. */
export function manifestsOf(platform: PlatformName, environment: EnvironmentName): readonly Manifest[] {
  const images = new Images({ registry: 'registry.example/keelson' });
  const props = { platform: platforms[platform], environment: environments[environment], images };
  return plan(compose({ ...props, secret: (name) => `secret-of-${name}` }).app).map(({ manifest }) => manifest);
}

/** One object; undefined where there is none. */
export function find(
  manifests: readonly Manifest[],
  kinds: string | readonly string[],
  { namespace, name }: { readonly namespace?: string; readonly name: string },
): Manifest | undefined {
  return manifests.find(
    ({ kind, metadata }) =>
      [kinds].flat().includes(kind) &&
      metadata.name === name &&
      (namespace === undefined || metadata.namespace === namespace),
  );
}

/** States that the commands of a guide find what they name, in every environment. */
export function describeGuide(inventory: Inventory): void {
  const everywhere = Object.values(environments).map(({ name }) => name);
  describe.each(everywhere)(`what the guide of ${inventory.platform} names is there in %s`, (environment) => {
    const manifests = manifestsOf(inventory.platform, environment);
    const here = <T extends Named>(list: readonly T[] = []): readonly T[] =>
      list.filter(({ where }) => where === undefined || environments[environment].capabilities.has(where));

    it('namespaces', () => {
      const found = manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name);
      expect(found).toEqual(expect.arrayContaining([...inventory.namespaces]));
    });

    it('deployments and their containers', () => {
      for (const named of here(inventory.deployments)) {
        const found = find(manifests, ['Deployment', 'Rollout'], named);
        expect(found?.metadata.name).toBe(named.name);
        const pod = found && podSpecOf(found);
        if (named.container !== undefined) {
          expect(objectsAt(pod, 'containers').map(({ name }) => name)).toContain(named.container);
        }
      }
    });

    it('pods by name', () => {
      for (const { namespace, name } of here(inventory.pods)) {
        const [, set = '', ordinal = ''] = /^(.*)-(\d+)$/.exec(name) ?? [];
        const found = find(manifests, 'StatefulSet', { namespace, name: set });
        expect(found?.metadata.name).toBe(set);
        expect(Number(at(found, 'spec', 'replicas'))).toBeGreaterThan(Number(ordinal));
      }
    });

    it('services, and what they lead to', () => {
      for (const { ports, ...named } of here(inventory.services)) {
        const found = find(manifests, 'Service', named);
        expect(found?.metadata.name).toBe(named.name);
        const alias = at(found, 'spec', 'externalName');
        const [target = '', namespace = ''] = typeof alias === 'string' ? alias.split('.') : [];
        const service = target === '' ? found : find(manifests, 'Service', { namespace, name: target });
        expect(objectsAt(service, 'spec', 'ports').map(({ port }) => port)).toEqual(expect.arrayContaining([...ports]));
        expect(selects(manifests, service)).toBe(true);
      }
    });

    it('autoscalers', () => {
      for (const { target, min, max, cpu, memory, upSeconds, downSeconds, ...named } of here(inventory.autoscalers)) {
        const found = find(manifests, 'HorizontalPodAutoscaler', named);
        expect(found?.spec).toMatchObject({
          scaleTargetRef: { kind: expect.stringMatching(/^(Deployment|Rollout)$/), name: target },
          minReplicas: min,
          maxReplicas: max,
        });
        expect(utilisation(found, 'cpu')).toBe(cpu);
        expect(utilisation(found, 'memory')).toBe(memory);
        const window = (direction: string) => at(found, 'spec', 'behavior', direction, 'stabilizationWindowSeconds');
        if (upSeconds !== undefined) expect(window('scaleUp')).toBe(upSeconds);
        if (downSeconds !== undefined) expect(window('scaleDown')).toBe(downSeconds);
      }
    });

    it('config maps, secrets with their keys, and network policies', () => {
      for (const named of here(inventory.configMaps)) {
        expect(find(manifests, 'ConfigMap', named)?.metadata.name).toBe(named.name);
      }
      for (const { keys, ...named } of here(inventory.secrets)) {
        const found = find(manifests, ['Secret', 'ExternalSecret'], named);
        expect(keysOf(found)).toEqual(expect.arrayContaining([...keys]));
      }
      for (const named of here(inventory.networkPolicies)) {
        expect(find(manifests, 'NetworkPolicy', named)?.metadata.name).toBe(named.name);
      }
    });

    it('pods by label', () => {
      for (const { namespace, name } of here(inventory.labels)) {
        const found = manifests.filter(
          (manifest) => manifest.metadata.namespace === namespace && podLabelsOf(manifest)?.app === name,
        );
        expect(found.length).toBeGreaterThan(0);
      }
    });

    it('alerts, with their thresholds', () => {
      const rules = alertsOf(manifests);
      for (const { has, for: duration, severity } of inventory.alerts ?? []) {
        const found = rules.filter(
          (rule) =>
            has.every((text) => rule.includes(text)) &&
            (duration === undefined || rule.includes(`for: ${duration}`)) &&
            (severity === undefined || rule.includes(`severity: ${severity}`)),
        );
        expect({ has, duration, severity, found: found.length > 0 }).toEqual({ has, duration, severity, found: true });
      }
    });
  });
}

function selects(manifests: readonly Manifest[], service: Manifest | undefined): boolean {
  const selector = Object.entries(at(service, 'spec', 'selector') ?? {});
  return (
    selector.length > 0 &&
    manifests.some((manifest) => {
      const labels = podLabelsOf(manifest);
      return (
        manifest.metadata.namespace === service?.metadata.namespace &&
        labels !== undefined &&
        selector.every(([key, value]) => labels[key] === value)
      );
    })
  );
}

function utilisation(scaler: Manifest | undefined, name: string): unknown {
  const metric = objectsAt(scaler, 'spec', 'metrics').find((each) => at(each, 'resource', 'name') === name);
  return at(metric, 'resource', 'target', 'averageUtilization');
}

function keysOf(secret: Manifest | undefined): readonly string[] {
  const template = at(secret, 'spec', 'target', 'template', 'data');
  const data = objectsAt(secret, 'spec', 'data').map(({ secretKey }) => String(secretKey));
  return [...Object.keys(secret?.stringData ?? {}), ...Object.keys(template ?? {}), ...data];
}

/** Each alert of the rules of Prometheus, as its text. */
function alertsOf(manifests: readonly Manifest[]): readonly string[] {
  return manifests
    .filter(({ kind }) => kind === 'ConfigMap')
    .flatMap((manifest) => Object.entries(manifest.data ?? {}))
    .filter(([file]) => file.includes('rules'))
    .flatMap(([, text]) => String(text).split(/^(?=\s*- alert: )/m))
    .filter((text) => text.includes('alert:'));
}
