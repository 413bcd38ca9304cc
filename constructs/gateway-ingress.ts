import type { Construct } from 'constructs';
import { kubeObject } from './cluster-object.ts';
import type { GatewayParts, ResolvedRoute } from './gateway.ts';

/** An Ingress for Traefik, and its Middleware for the limit. */
export function ingress(
  scope: Construct,
  { props, namespace, labels, secretName, routes, certificate }: GatewayParts,
): void {
  const { name, rateLimit, form } = props;
  const middleware =
    rateLimit &&
    kubeObject(scope, 'rate-limit', {
      apiVersion: 'traefik.io/v1alpha1',
      kind: 'Middleware',
      name: `${name}-rate-limit`,
      namespace,
      labels,
      fields: {
        spec: {
          rateLimit: {
            average: rateLimit.requests,
            period: rateLimit.per === 'second' ? '1s' : '1m',
            burst: rateLimit.burst ?? rateLimit.requests,
            // The address that the load balancer saw; what a client writes into the header itself does not count.
            sourceCriterion: { ipStrategy: { depth: 1 } },
          },
        },
      },
    });
  const object = kubeObject(scope, 'ingress', {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    name,
    namespace,
    labels,
    annotations: {
      'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
      'traefik.ingress.kubernetes.io/router.tls': 'true',
      ...(middleware && {
        'traefik.ingress.kubernetes.io/router.middlewares': `${namespace}-${name}-rate-limit@kubernetescrd`,
      }),
    },
    fields: {
      spec: {
        ingressClassName: form.className ?? 'traefik',
        tls: [{ hosts: [...new Set(routes.map(({ host }) => host))], secretName }],
        rules: [...Map.groupBy(routes, ({ host }) => host)].map(([host, group]) => ({
          host,
          http: { paths: group.map(pathOf) },
        })),
      },
    },
  });
  object.addDependency(certificate, ...(middleware ? [middleware] : []));
  for (const { to } of routes) object.node.addDependency(to.workload.service);
}

function pathOf({ path = '/', backends, number }: ResolvedRoute): object {
  const [backend] = backends;
  return { path, pathType: 'Prefix', backend: { service: { name: backend?.service, port: { number } } } };
}
