import { App, Chart } from 'cdk8s';
import { type Connectable, Connections, type Images, Namespace } from '../constructs/index.ts';
import { makeComponent } from './components.ts';
import type { Environment } from './environments.ts';
import type { ConnectionSpec, Platform } from './platforms/platform.ts';

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
  const placed = platform.namespaces.flatMap((spec) => {
    const namespace = new Namespace(chart, spec.name, { name: spec.name, platform: platform.name });
    return spec.components.map((component) => ({ namespace, component }));
  });
  // Prometheus reads from all the others, so it is made when they exist.
  const last = placed.filter(({ component }) => component.kind === 'prometheus');
  for (const { namespace, component } of [...placed.filter((place) => !last.includes(place)), ...last]) {
    const around = { environment, images, connections, secret, made: components };
    components.set(component.name, makeComponent(namespace, component, around));
  }
  for (const spec of platform.connections) {
    const find = (end: 'from' | 'to') => componentOf(components, platform, spec, end);
    const order = spec.order === undefined ? {} : { order: spec.order };
    connections.connect(find('from'), find('to'), spec.port, order);
  }
  return { app, connections, components };
}

function componentOf(
  components: ReadonlyMap<string, Connectable>,
  platform: Platform,
  spec: ConnectionSpec,
  end: 'from' | 'to',
): Connectable {
  const found = components.get(spec[end]);
  if (found !== undefined) return found;
  const known = [...components.keys()].join(', ');
  throw new Error(
    `[${platform.name}] connections: ${spec.from} -> ${spec.to}: "${spec[end]}" is no component; use one of ${known}`,
  );
}
