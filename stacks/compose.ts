import { App, Chart } from 'cdk8s';
import {
  AccessRoles,
  type AlertGroup,
  type Connectable,
  Connections,
  Gateway,
  type Images,
  Namespace,
  PriorityClasses,
  Quota,
  SecretStore,
  ServiceAlias,
} from '../constructs/index.ts';
import { makeBackup } from './backups.ts';
import { checkPublic } from './caller-policy.ts';
import { watchCluster } from './cluster-watchers.ts';
import { makeComponent } from './components.ts';
import type { Environment, Exposure } from './environments.ts';
import type { ComponentSpec, ConnectionSpec, GatewaySpec, NamespaceSpec, Platform } from './platforms/platform.ts';
import { componentsIn, isIn } from './where.ts';

/** What a platform is composed with, apart from its own data. */
export interface CompositionProps {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly images: Images;
  /** Value of a secret of the configuration, or the token that stands for it. Not asked where secrets come from a store. */
  readonly secret: (name: string) => string;
  /** Domain below which the hosts of platforms lie. @default - the environment's */
  readonly domain?: string;
}

/** A platform in an environment, as constructs. */
export interface Composition {
  readonly app: App;
  readonly connections: Connections;
  readonly components: ReadonlyMap<string, Connectable>;
}

/** Makes the constructs of a platform. Pure: the same data gives the same objects; nothing is registered. */
export function compose(props: CompositionProps): Composition {
  const { platform, environment, images } = props;
  const app = new App();
  const components = new Map<string, Connectable>();
  // One chart for all namespaces: connections cross them, and cdk8s orders charts as a whole.
  const chart = new Chart(app, platform.name, { disableResourceNameHashes: true });
  const connections = new Connections(chart, 'connections');
  const priorities = new PriorityClasses(chart, 'priorities', { platform: platform.name });
  const namespaces = new Map(
    platform.namespaces.map((spec) => [spec.name, makeNamespace(chart, spec, props)] as const),
  );
  const watchers = watchCluster(chart, {
    platform,
    environment,
    images,
    connections,
    priorities,
    namespaces: [...namespaces.values()].map(({ namespace }) => namespace),
  });
  for (const [name, watcher] of watchers) components.set(name, watcher);
  const placed = [...componentsIn(platform, environment)].sort((a, b) => turn(a.component) - turn(b.component));
  const alerts: AlertGroup[] = [];
  const backups = () =>
    platform.namespaces.flatMap(({ name, backup }) => {
      const scope = namespaces.get(name)?.namespace;
      return scope && backup
        ? makeBackup(scope, backup, { platform, environment, images, connections, components })
        : [];
    });
  for (const { namespace, component } of placed) {
    const home = namespaces.get(namespace);
    if (home === undefined) continue;
    // Prometheus watches backups, which take what was made before it.
    if (component.kind === 'prometheus' && alerts.length === 0) alerts.push(...backups());
    const around = {
      environment,
      images,
      connections,
      priorities,
      secret: home.secret,
      platform: platform.name,
      alerts,
      made: components,
    };
    components.set(component.name, makeComponent(home.namespace, component, around));
  }
  for (const { name, aliases = {}, gateway } of platform.namespaces) {
    const scope = namespaces.get(name)?.namespace;
    if (scope === undefined) continue;
    for (const [alias, of] of Object.entries(aliases)) {
      const target = components.get(of);
      if (target) new ServiceAlias(scope, `alias-${alias}`, { name: alias, target });
    }
    if (gateway && environment.exposure) {
      checkPublic(gateway, platform, environment);
      makeGateway(scope, gateway, {
        platform,
        exposure: environment.exposure,
        domain: props.domain,
        connections,
        components,
      });
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

/** A namespace with what every namespace has: where its secrets come from, who may do what in it, and what it may take. */
function makeNamespace(
  chart: Chart,
  { name, isolationPolicy }: NamespaceSpec,
  { platform, environment, secret }: CompositionProps,
): { readonly namespace: Namespace; readonly secret: (name: string) => string } {
  const { hardening, cloud } = environment;
  const namespace = new Namespace(chart, name, {
    name,
    platform: platform.name,
    ...(isolationPolicy !== undefined && { isolationPolicy }),
    ...(hardening && { hardening }),
  });
  const isExternal = cloud.kind === 'aws' && environment.capabilities.has('externalSecrets');
  const store = new SecretStore(namespace, 'secrets', {
    source: isExternal
      ? {
          kind: 'aws-secrets-manager',
          region: cloud.region,
          prefix: `keelson/${platform.name}/${environment.name}`,
        }
      : { kind: 'generated', value: secret },
  });
  new AccessRoles(namespace, 'access');
  new Quota(namespace, 'quota');
  return { namespace, secret: (wanted) => store.value(wanted) };
}

interface GatewayContext {
  readonly platform: Platform;
  readonly exposure: Exposure;
  readonly domain: string | undefined;
  readonly connections: Connections;
  readonly components: ReadonlyMap<string, Connectable>;
}

function makeGateway(scope: Namespace, spec: GatewaySpec, context: GatewayContext): void {
  const { platform, exposure, connections, components } = context;
  const host = hostOf(spec, platform.name, exposure, context.domain);
  new Gateway(scope, `gateway-${spec.name}`, {
    name: spec.name,
    form: exposure.form,
    connections,
    certificate: { issuer: exposure.issuer },
    routes: spec.routes.flatMap(({ to, port, path }) => {
      const target = components.get(to);
      return target === undefined ? [] : [{ host, to: target, port, ...(path !== undefined && { path }) }];
    }),
    ...(spec.perMinute !== undefined && { rateLimit: { requests: spec.perMinute, per: 'minute' } }),
  });
}

/** Host name of a gateway in an environment. */
export function hostOf(
  { host }: GatewaySpec,
  platform: string,
  exposure: Exposure,
  domain: string = exposure.domain,
): string {
  if (host !== undefined && exposure.ownHosts) return host;
  return `${platform}.${domain}`;
}

/** Some are made of others, so those have to exist: the address of a provider is in a configuration, and Prometheus reads from all. */
function turn({ kind }: ComponentSpec): number {
  switch (kind) {
    case 'grafana':
      return 3;
    case 'prometheus':
      return 2;
    case 'exporter':
    case 'mlflow':
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
