import type { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { kubeObject } from './cluster-object.ts';
import type { GatewayParts, ResolvedRoute } from './gateway.ts';

/** A Gateway with a route per host, the redirect from plain HTTP, and the policy of Envoy Gateway for the limit. */
export function gatewayApi(scope: Construct, parts: GatewayParts): void {
  const { props, namespace, labels, secretName, routes, certificate } = parts;
  const { name, form, rateLimit } = props;
  const object = (id: string, apiVersion: string, kind: string, objectName: string, spec: object) =>
    kubeObject(scope, id, { apiVersion, kind, name: objectName, namespace, labels, fields: { spec } });
  const hosts = [...new Set(routes.map(({ host }) => host))];
  const allowedRoutes = { namespaces: { from: 'Same' } };
  const gateway = object('gateway', api, 'Gateway', name, {
    gatewayClassName: form.className ?? 'envoy',
    listeners: [
      ...hosts.map((hostname, index) => ({
        name: `https-${index}`,
        port: 443,
        protocol: 'HTTPS',
        hostname,
        tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name: secretName }] },
        allowedRoutes,
      })),
      { name: 'http', port: 80, protocol: 'HTTP', allowedRoutes },
    ],
  });
  gateway.addDependency(certificate);
  const redirect = object('redirect', api, 'HTTPRoute', `${name}-redirect`, {
    parentRefs: [{ group, kind: 'Gateway', name, sectionName: 'http' }],
    hostnames: hosts,
    rules: [
      {
        matches: [{ path: { type: 'PathPrefix', value: '/' } }],
        filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https', statusCode: 301 } }],
      },
    ],
  });
  redirect.addDependency(gateway);
  const served = [...Map.groupBy(routes, ({ host }) => host)].map(([host, own], index) => {
    const route = object(`route-${index}`, api, 'HTTPRoute', hosts.length === 1 ? name : `${name}-${index}`, {
      parentRefs: [{ group, kind: 'Gateway', name, sectionName: `https-${index}` }],
      hostnames: [host],
      rules: own.map((each) => rule(each, props.timeout?.toSeconds())),
    });
    route.addDependency(gateway);
    for (const { to } of own) route.node.addDependency(to.workload.service);
    return route;
  });
  if (rateLimit === undefined) return;
  const policy = object('rate-limit', 'gateway.envoyproxy.io/v1alpha1', 'BackendTrafficPolicy', name, {
    targetRefs: served.map((route: ApiObject) => ({ group, kind: 'HTTPRoute', name: route.name })),
    rateLimit: {
      type: 'Local',
      local: {
        rules: [
          {
            // Each address apart. Every proxy counts for itself: what has to be exact is limited by the services, by user.
            clientSelectors: [{ sourceCIDR: { type: 'Distinct', value: '0.0.0.0/0' } }],
            limit: { requests: rateLimit.requests, unit: rateLimit.per === 'second' ? 'Second' : 'Minute' },
          },
        ],
      },
    },
  });
  policy.addDependency(...served);
}

const group = 'gateway.networking.k8s.io';
const api = `${group}/v1`;

function rule({ path = '/', backends, number }: ResolvedRoute, timeout: number | undefined): object {
  return {
    matches: [{ path: { type: 'PathPrefix', value: path } }],
    backendRefs: backends.map(({ service, weight }) => ({
      group: '',
      kind: 'Service',
      name: service,
      port: number,
      weight,
    })),
    ...(timeout !== undefined && { timeouts: { request: `${timeout}s` } }),
  };
}
