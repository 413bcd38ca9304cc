import type { ApiObject, Duration } from 'cdk8s';
import { Construct } from 'constructs';
import { kubeObject, platformLabels } from './cluster-object.ts';
import type { Connections } from './connections.ts';
import { gatewayApi } from './gateway-api.ts';
import { ingress } from './gateway-ingress.ts';
import { Namespace } from './namespace.ts';
import { type Problem, problem } from './problem.ts';
import { Rollout } from './rollout.ts';
import type { Connectable } from './workload.ts';

/** What carries the traffic in. */
export type GatewayForm =
  /** An Ingress, served by Traefik. */
  | {
      readonly kind: 'ingress';
      /** @default 'traefik' */
      readonly className?: string;
      /** Namespace of the controller, which has to reach the targets. @default 'traefik' */
      readonly namespace?: string;
    }
  /** The Gateway API, served by Envoy Gateway. */
  | {
      readonly kind: 'gateway-api';
      /** @default 'envoy' */
      readonly className?: string;
      /** Namespace of the proxies, which have to reach the targets. @default 'envoy-gateway-system' */
      readonly namespace?: string;
    };

/** Requests of one client that are let through; more are answered with 429. */
export interface EdgeRateLimit {
  readonly requests: number;
  readonly per: 'second' | 'minute';
  /** Requests that may come at once. @default - as many as `requests` */
  readonly burst?: number;
}

/** Where requests go. */
export interface GatewayRoute {
  /** Host name that clients use. */
  readonly host: string;
  /** Beginning of the path. @default '/' */
  readonly path?: string;
  /** A workload, or a rollout whose weights then divide the traffic. */
  readonly to: Connectable;
  /** Name of the target's port. */
  readonly port: string;
}

/** How the gateway proves who it is. */
export interface GatewayCertificate {
  /** Issuer of cert-manager. */
  readonly issuer: string;
  /** @default 'ClusterIssuer' */
  readonly issuerKind?: 'ClusterIssuer' | 'Issuer';
  /** Secret that holds the certificate. @default - the gateway's name and `-tls` */
  readonly secretName?: string;
}

/** Properties of {@link Gateway}. */
export interface GatewayProps {
  readonly name: string;
  readonly form: GatewayForm;
  readonly routes: readonly GatewayRoute[];
  readonly certificate: GatewayCertificate;
  readonly connections: Connections;
  /** @default - none: the services limit by user */
  readonly rateLimit?: EdgeRateLimit;
  /** Longest time that a request may take, streams included. Not with an Ingress. @default - as the controller has it */
  readonly timeout?: Duration;
}

/** A route whose target is known to have the port. */
export interface ResolvedRoute extends GatewayRoute {
  readonly number: number;
  /** Services, with their shares of the traffic in percent. */
  readonly backends: readonly { readonly service: string; readonly weight: number }[];
}

/** What the objects of a gateway have in common. */
export interface GatewayParts {
  readonly props: GatewayProps;
  readonly namespace: string;
  readonly labels: Record<string, string>;
  readonly secretName: string;
  readonly routes: readonly ResolvedRoute[];
  readonly certificate: ApiObject;
}

/**
 * The way in from outside: host names with certificates, routes to workloads, and a limit on what one client may ask.
 * Plain HTTP is only told to come back with TLS.
 */
export class Gateway extends Construct {
  /** Host names, each once. */
  readonly hosts: readonly string[];

  constructor(scope: Construct, id: string, props: GatewayProps) {
    super(scope, id);
    const namespace = Namespace.of(this);
    this.hosts = [...new Set(props.routes.map(({ host }) => host))];
    const problems = checkGateway(props, namespace.name);
    this.node.addValidation({ validate: () => problems.map(problem) });
    const labels = { app: props.name, ...platformLabels(namespace.platform) };
    const secretName = props.certificate.secretName ?? `${props.name}-tls`;
    const certificate = kubeObject(this, 'certificate', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      name: props.name,
      namespace: namespace.name,
      labels,
      fields: {
        spec: {
          secretName,
          dnsNames: [...this.hosts],
          issuerRef: {
            group: 'cert-manager.io',
            kind: props.certificate.issuerKind ?? 'ClusterIssuer',
            name: props.certificate.issuer,
          },
          // A new key with each renewal: an old one that leaked is worth nothing then.
          privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
          usages: ['digital signature', 'server auth'],
        },
      },
    });
    certificate.addDependency(...namespace.foundations);
    const routes = props.routes.flatMap((route) => this.#resolve(route));
    const parts = { props, namespace: namespace.name, labels, secretName, routes, certificate };
    const proxies = props.form.namespace ?? (props.form.kind === 'ingress' ? 'traefik' : 'envoy-gateway-system');
    for (const { to, port } of routes) props.connections.fromOutside({ namespace: proxies }, to, port);
    if (props.form.kind === 'ingress') ingress(this, parts);
    else gatewayApi(this, parts);
  }

  #resolve(route: GatewayRoute): ResolvedRoute[] {
    const ports: Readonly<Record<string, { readonly number: number }>> = route.to.workload.ports;
    const found = ports[route.port];
    if (found === undefined) return []; // reported as a problem
    const backends = route.to instanceof Rollout ? route.to.split : [{ service: route.to.workload.name, weight: 100 }];
    return [{ ...route, number: found.number, backends }];
  }
}

function checkGateway(props: GatewayProps, namespace: string): Problem[] {
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });
  if (props.routes.length === 0) add('routes', [], 'name at least one route');
  const seen = new Set<string>();
  for (const { host, path = '/', to, port } of props.routes) {
    const where = `routes.${host}${path}`;
    if (!/^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/.test(host)) {
      add(where, host, 'use a host name in lower case, for example api.example.com');
    }
    if (!path.startsWith('/')) add(where, path, 'begin the path with a slash');
    if (seen.has(`${host}${path}`))
      add(where, `${host}${path}`, 'another route has the same host and path: remove one');
    seen.add(`${host}${path}`);
    const { workload } = to;
    if (!(port in workload.ports)) add(where, port, `"${workload.name}" has ${Object.keys(workload.ports).join(', ')}`);
    if (workload.namespace.name !== namespace) {
      add(where, workload.namespace.name, 'a gateway leads to its own namespace only: make one in that namespace');
    }
    if (props.form.kind === 'ingress' && to instanceof Rollout && to.split.length > 1) {
      add(
        where,
        to.split.map(({ weight }) => weight),
        "an Ingress cannot divide traffic: use the form 'gateway-api'",
      );
    }
  }
  if (props.timeout && props.form.kind === 'ingress') {
    add('timeout', props.timeout.toHumanString(), 'Traefik sets it for all its routes at once: leave it out');
  }
  const limit = props.rateLimit;
  if (limit && (!Number.isInteger(limit.requests) || limit.requests < 1)) {
    add('rateLimit.requests', limit.requests, 'use a whole number, 1 or more');
  }
  if (limit?.burst !== undefined && limit.burst < 1) add('rateLimit.burst', limit.burst, 'use 1 or more');
  if (limit?.burst !== undefined && props.form.kind === 'gateway-api') {
    add('rateLimit.burst', limit.burst, 'Envoy counts within the period and knows no burst: leave it out');
  }
  return problems;
}
