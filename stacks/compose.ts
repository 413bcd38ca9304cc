import { App, Chart } from 'cdk8s';
import { type Connectable, Connections, type Images, Namespace, ServiceAlias } from '../constructs/index.ts';
import { makeComponent } from './components.ts';
import type { Environment } from './environments.ts';
import type { ComponentSpec, ConnectionSpec, Platform } from './platforms/platform.ts';
import { componentsIn, isIn } from './where.ts';

/** What a platform is composed with, apart from its own data. */
export interface CompositionProps {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly images: Images;
  /** Value of a secret of the configuration, or the token that stands for it. */
  readonly secret: (name: string) => string;
}

/** A platform in an environment, as constructs. */
export interface Composition {
  readonly app: App;
  readonly connections: Connections;
  readonly components: ReadonlyMap<string, Connectable>;
}

/** Makes the constructs of a platform. Pure: the same data gives the same objects; nothing is registered. */
export function compose({ platform, environment, images, secret }: CompositionProps): Composition {
  const app = new App();
  const components = new Map<string, Connectable>();
  // One chart for all namespaces: connections cross them, and cdk8s orders charts as a whole.
  const chart = new Chart(app, platform.name, { disableResourceNameHashes: true });
  const connections = new Connections(chart, 'connections');
  const namespaces = new Map(
    platform.namespaces.map(({ name, isolationPolicy }) => {
      const { hardening } = environment;
      const more = { ...(isolationPolicy !== undefined && { isolationPolicy }), ...(hardening && { hardening }) };
      return [name, new Namespace(chart, name, { name, platform: platform.name, ...more })] as const;
    }),
  );
  const placed = [...componentsIn(platform, environment)].sort((a, b) => turn(a.component) - turn(b.component));
  for (const { namespace, component } of placed) {
    const scope = namespaces.get(namespace);
    if (scope === undefined) continue;
    const around = { environment, images, connections, secret, made: components };
    components.set(component.name, makeComponent(scope, component, around));
  }
  for (const { name, aliases = {} } of platform.namespaces) {
    const scope = namespaces.get(name);
    for (const [alias, of] of Object.entries(aliases)) {
      const target = components.get(of);
      if (scope && target) new ServiceAlias(scope, `alias-${alias}`, { name: alias, target });
    }
  }
  for (const spec of platform.connections) {
    if (!isIn(environment, spec)) continue;
    const [from, to] = [componentOf(components, platform, spec, 'from'), componentOf(components, platform, spec, 'to')];
    // An end that other environments have: nothing to connect here.
    if (from === undefined || to === undefined) continue;
    connections.connect(from, to, spec.port, {
      ...(spec.order !== undefined && { order: spec.order }),
      ...(spec.env !== undefined && { env: spec.env }),
    });
  }
  return { app, connections, components };
}

/** Some are made of others, so those have to exist: the address of a provider is in a configuration, and Prometheus reads from all. */
function turn({ kind }: ComponentSpec): number {
  switch (kind) {
    case 'prometheus':
      return 2;
    case 'orchestrator':
      return 1;
    default:
      return 0;
  }
}

/** One end of a connection; undefined where this environment does not have it. */
function componentOf(
  components: ReadonlyMap<string, Connectable>,
  platform: Platform,
  spec: ConnectionSpec,
  end: 'from' | 'to',
): Connectable | undefined {
  const known = platform.namespaces.flatMap((namespace) => namespace.components.map(({ name }) => name));
  if (known.includes(spec[end])) return components.get(spec[end]);
  throw new Error(
    `[${platform.name}] connections: ${spec.from} -> ${spec.to}: "${spec[end]}" is no component; use one of ${known.join(', ')}`,
  );
}
