import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { JsonObject, Manifest } from '../../constructs/bridge/manifest.ts';
import { at, isObject, objectsAt, podSpecOf } from '../../constructs/bridge/manifest.ts';
import { Connections, Cpu, Images, Namespace, type Resources, Size } from '../../constructs/index.ts';

/** A chart with a namespace and connections, in which a test puts what it looks at. */
export interface Bench {
  readonly chart: Chart;
  readonly namespace: Namespace;
  readonly connections: Connections;
  readonly images: Images;
  /** All objects. Throws what synth reports. */
  synth(): Manifest[];
}

export function bench(name = 'test'): Bench {
  const chart = new Chart(new App(), name);
  return {
    chart,
    namespace: new Namespace(chart, 'namespace', { name }),
    connections: new Connections(chart, 'connections'),
    images: new Images({ registry: 'registry.example/keelson' }),
    synth: () => synth(chart),
  };
}

export function synth(chart: Chart): Manifest[] {
  return chart.toJson() as Manifest[]; // cdk8s types its output as any
}

/** Small sizes for tests that are about something else. */
export const small: Resources = {
  cpu: { request: Cpu.millis(50) },
  memory: { request: Size.mebibytes(64), limit: Size.mebibytes(256) },
};

/** One object; fails when there is none. */
export function object(manifests: readonly Manifest[], kind: string, name: string, namespace?: string): Manifest {
  const found = manifests.find(
    (manifest) =>
      manifest.kind === kind &&
      manifest.metadata.name === name &&
      (namespace === undefined || manifest.metadata.namespace === namespace),
  );
  if (!found)
    throw new Error(`no ${kind} ${name} among ${manifests.map((m) => `${m.kind} ${m.metadata.name}`).join(', ')}`);
  return found;
}

export function objects(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** The pod specification of a workload. */
export function podOf(manifests: readonly Manifest[], name: string): JsonObject {
  const controller = manifests.find((manifest) => podSpecOf(manifest) !== undefined && manifest.metadata.name === name);
  const spec = controller && podSpecOf(controller);
  if (!spec) throw new Error(`no workload ${name}`);
  return spec;
}

/** The main container of a workload. */
export function containerOf(manifests: readonly Manifest[], name: string): JsonObject {
  const [container] = objectsAt(podOf(manifests, name), 'containers');
  if (!container) throw new Error(`workload ${name} has no container`);
  return container;
}

/** Variables of a workload's main container; those from secrets as `secret/key`. */
export function envOf(manifests: readonly Manifest[], name: string): Record<string, string> {
  return Object.fromEntries(
    objectsAt(containerOf(manifests, name), 'env').map((variable) => {
      const reference = at(variable, 'valueFrom', 'secretKeyRef');
      const value = isObject(reference) ? `${reference.name}/${reference.key}` : variable.value;
      return [String(variable.name), String(value)];
    }),
  );
}

/** The text of the error that synth throws. */
export function synthError(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return String(error);
  }
  throw new Error('synth found nothing wrong');
}

/** A namespace in the scope of a chart, for tests with several. */
export function anotherNamespace(scope: Construct, name: string): Namespace {
  return new Namespace(scope, name, { name });
}
