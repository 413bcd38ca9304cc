import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import { Duration, Gateway, type GatewayProps, probes, Rollout, Workload } from '../../constructs/index.ts';
import { bench, object, objects, small, synthError } from '../support/manifests.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

function gated(props: Partial<GatewayProps> & Pick<GatewayProps, 'form'>, canary = false) {
  const on = bench();
  const api = new Workload(on.namespace, 'api', {
    name: 'api',
    component: 'api',
    kind: 'Deployment',
    image: { reference: 'registry.example/api:1', version: '1' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
    replicas: 3,
  });
  const release = { version: 'v2', image: { reference: 'registry.example/api:2', version: '2' } };
  const to = canary
    ? new Rollout(on.namespace, 'rollout', {
        target: api,
        strategy: { kind: 'canary', stable: 'v1', canary: release, weight: 5, by: 'route' },
      })
    : api;
  new Gateway(on.namespace, 'gateway', {
    name: 'edge',
    routes: [{ host: 'api.example.com', to, port: 'http' }],
    certificate: { issuer: 'letsencrypt' },
    connections: on.connections,
    ...props,
  });
  return on;
}

const ingress = { kind: 'ingress' } as const;
const gatewayApi = { kind: 'gateway-api' } as const;

describe('Gateway', () => {
  it.each([ingress, gatewayApi])('has a certificate for its hosts, renewed with a new key: $kind', (form) => {
    expect(object(gated({ form }).synth(), 'Certificate', 'edge').spec).toMatchObject({
      secretName: 'edge-tls',
      dnsNames: ['api.example.com'],
      issuerRef: { kind: 'ClusterIssuer', name: 'letsencrypt' },
      privateKey: { rotationPolicy: 'Always' },
    });
  });

  it.each([
    [ingress, 'traefik'],
    [gatewayApi, 'envoy-gateway-system'],
  ])('opens the way from its proxies, and from nowhere else: %j', (form, namespace) => {
    const manifests = gated({ form }).synth();
    const [api] = podsOf(manifests);
    if (!api) throw new Error('no pod');
    const reach = new Reachability(manifests);
    const from = (name: string) => ({ name: 'proxy', namespace: name, labels: {} });
    expect(reach.allows(from(namespace), api, 8000, 'TCP')).toBe(true);
    expect(reach.allows(from('elsewhere'), api, 8000, 'TCP')).toBe(false);
  });

  it.each([
    [{ routes: [] }, /routes is \[\]: name at least one route/],
    [{ rateLimit: { requests: 0, per: 'second' } }, /rateLimit\.requests is 0: use a whole number/],
    [{ rateLimit: { requests: 5, per: 'second', burst: 9 } }, /rateLimit\.burst is 9: Envoy counts within the period/],
  ] satisfies [Partial<GatewayProps>, RegExp][])('refuses %j', (props, message) => {
    expect(synthError(gated({ form: gatewayApi, ...props }).synth)).toMatch(message);
  });

  it('refuses hosts, paths and ports that cannot be', () => {
    const on = gated({ form: ingress });
    const api = on.namespace.node.findChild('api') as Workload; // made above
    const route = { to: api, port: 'http' };
    new Gateway(on.namespace, 'second', {
      name: 'second',
      form: ingress,
      certificate: { issuer: 'a' },
      connections: on.connections,
      routes: [
        { ...route, host: 'API.example.com' },
        { ...route, host: 'a.example.com', path: 'v1' },
        { ...route, host: 'b.example.com', port: 'grpc' },
        { ...route, host: 'b.example.com' },
      ],
      timeout: Duration.seconds(5),
    });
    const text = synthError(on.synth);
    expect(text).toMatch(/"API\.example\.com": use a host name in lower case/);
    expect(text).toMatch(/"v1": begin the path with a slash/);
    expect(text).toMatch(/"grpc": "api" has http/);
    expect(text).toMatch(/another route has the same host and path/);
    expect(text).toMatch(/timeout is .*Traefik sets it for all/);
  });
});

describe('Gateway as an Ingress', () => {
  it('serves over TLS only, and limits each client', () => {
    const manifests = gated({ form: ingress, rateLimit: { requests: 100, per: 'minute', burst: 20 } }).synth();
    const made = object(manifests, 'Ingress', 'edge');
    expect(made.spec).toEqual({
      ingressClassName: 'traefik',
      tls: [{ hosts: ['api.example.com'], secretName: 'edge-tls' }],
      rules: [
        {
          host: 'api.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'api', port: { number: 8000 } } } }],
          },
        },
      ],
    });
    expect(at(made, 'metadata', 'annotations')).toMatchObject({
      'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
      'traefik.ingress.kubernetes.io/router.middlewares': 'test-edge-rate-limit@kubernetescrd',
    });
    expect(object(manifests, 'Middleware', 'edge-rate-limit').spec).toMatchObject({
      rateLimit: { average: 100, period: '1m', burst: 20 },
    });
  });

  it('refuses to divide traffic', () => {
    expect(synthError(gated({ form: ingress }, true).synth)).toMatch(
      /an Ingress cannot divide traffic: use the form 'gateway-api'/,
    );
  });
});

describe('Gateway by the Gateway API', () => {
  it('serves over TLS, and sends plain HTTP there', () => {
    const manifests = gated({ form: gatewayApi, timeout: Duration.seconds(60) }).synth();
    const listeners = objectsAt(object(manifests, 'Gateway', 'edge'), 'spec', 'listeners');
    expect(listeners.map(({ protocol, port, hostname }) => [protocol, port, hostname])).toEqual([
      ['HTTPS', 443, 'api.example.com'],
      ['HTTP', 80, undefined],
    ]);
    expect(JSON.stringify(object(manifests, 'HTTPRoute', 'edge-redirect').spec)).toContain('"statusCode":301');
    const [rule] = objectsAt(object(manifests, 'HTTPRoute', 'edge'), 'spec', 'rules');
    expect(rule).toMatchObject({
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      backendRefs: [{ kind: 'Service', name: 'api', port: 8000, weight: 100 }],
      timeouts: { request: '60s' },
    });
  });

  it('divides the traffic of a rollout by its weights', () => {
    const [rule] = objectsAt(object(gated({ form: gatewayApi }, true).synth(), 'HTTPRoute', 'edge'), 'spec', 'rules');
    expect(objectsAt(rule, 'backendRefs').map(({ name, weight }) => [name, weight])).toEqual([
      ['api-stable', 95],
      ['api-canary', 5],
    ]);
  });

  it('limits each client at the edge', () => {
    const manifests = gated({ form: gatewayApi, rateLimit: { requests: 10, per: 'second' } }).synth();
    expect(object(manifests, 'BackendTrafficPolicy', 'edge').spec).toMatchObject({
      targetRefs: [{ kind: 'HTTPRoute', name: 'edge' }],
      rateLimit: { type: 'Local', local: { rules: [{ limit: { requests: 10, unit: 'Second' } }] } },
    });
    expect(objects(gated({ form: gatewayApi }).synth(), 'BackendTrafficPolicy')).toEqual([]);
  });
});
