import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Manifest } from '../../constructs/bridge/manifest.ts';
import { Connections, Credentials, type Port, Probe, Workload } from '../../constructs/index.ts';
import {
  anotherNamespace,
  type Bench,
  bench,
  envOf,
  object,
  objects,
  small,
  synth,
  synthError,
} from '../support/manifests.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

function make<P extends string>(scope: Bench['namespace'], name: string, ports: Record<P, Port>): Workload<P> {
  return new Workload<P>(scope, name, {
    name,
    component: 'test',
    kind: 'Deployment',
    image: { reference: 'registry.example/x:1', version: '1' },
    ports,
    resources: small,
    probes: { readiness: Probe.fromTcpSocket({ port: 8000 }) },
  });
}

const http = { http: { number: 8000 } };

describe('Connections: what one declaration gives', () => {
  it('opens both sides, hands over the URL, and starts the target first', () => {
    const on = bench();
    const [client, server] = [
      make(on.namespace, 'client', http),
      make(on.namespace, 'mcp-git', { http: { number: 3002, path: '/mcp' } }),
    ];
    on.connections.connect(client, server, 'http');
    const manifests = on.synth();
    expect(envOf(manifests, 'client')).toEqual({ MCP_GIT_URL: 'http://mcp-git:3002/mcp' });
    expect(object(manifests, 'NetworkPolicy', 'client').spec).toMatchObject({
      ingress: [],
      egress: [
        { to: [{ podSelector: { matchLabels: { app: 'mcp-git' } } }], ports: [{ port: 3002, protocol: 'TCP' }] },
      ],
    });
    expect(object(manifests, 'NetworkPolicy', 'mcp-git').spec).toMatchObject({
      ingress: [
        { from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 3002, protocol: 'TCP' }] },
      ],
      egress: [],
    });
    const order = objects(manifests, 'Deployment').map(({ metadata }) => metadata.name);
    expect(order).toEqual(['mcp-git', 'client']);
    expect(client.controller.node.dependencies).toContain(server.controller);
  });

  it('hands over credentials and facts beside the URL, by reference', () => {
    const on = bench();
    const credentials = new Credentials(on.namespace, 'c', {
      name: 'db',
      values: { user: 'u', password: 'geheim' },
      forClients: { USER: 'user', PASSWORD: 'password' },
    });
    const db = make(on.namespace, 'db', {
      sql: { number: 5432, scheme: 'postgresql', path: '/x', credentials, facts: { SIZE: '3' } },
    });
    const client = make(on.namespace, 'client', http);
    on.connections.connect(client, db, 'sql', { env: 'LEDGER_URL' });
    expect(envOf(on.synth(), 'client')).toEqual({
      LEDGER_URL: 'postgresql://db:5432/x',
      LEDGER_SIZE: '3',
      LEDGER_USER: 'db/user',
      LEDGER_PASSWORD: 'db/password',
    });
  });

  it('takes a repeated declaration as one', () => {
    const once = bench();
    const twice = bench();
    for (const [on, times] of [
      [once, 1],
      [twice, 2],
    ] as const) {
      const [a, b] = [make(on.namespace, 'a', http), make(on.namespace, 'b', http)];
      for (let time = 0; time < times; time++) on.connections.connect(a, b, 'http');
      expect(on.connections.edges).toHaveLength(1);
    }
    expect(twice.synth()).toEqual(once.synth());
  });

  it('adds an order to a connection that was declared without', () => {
    const on = bench();
    const [a, b] = [make(on.namespace, 'a', http), make(on.namespace, 'b', http)];
    on.connections.connect(a, b, 'http', { order: false });
    expect(a.controller.node.dependencies).not.toContain(b.controller);
    on.connections.connect(a, b, 'http');
    expect(a.controller.node.dependencies).toContain(b.controller);
    expect(on.connections.edges).toHaveLength(1);
  });

  it('gives no variable and no order to those that want none', () => {
    const on = bench();
    const [a, b] = [make(on.namespace, 'a', http), make(on.namespace, 'b', http)];
    on.connections.connect(a, b, 'http', { env: false, order: false });
    expect(envOf(on.synth(), 'a')).toEqual({});
    expect(a.controller.node.dependencies).not.toContain(b.controller);
  });

  it('scrapes every port with metrics, and only those', () => {
    const on = bench();
    const scraper = make(on.namespace, 'scraper', http);
    const target = make(on.namespace, 'target', { http: { number: 8000 }, metrics: { number: 9000, metrics: '/m' } });
    on.connections.scrape(scraper, target);
    expect(on.connections.edges.map(({ port, order }) => ({ port, order }))).toEqual([
      { port: 'metrics', order: false },
    ]);
  });
});

describe('Connections: across namespaces', () => {
  it('names the namespace on both sides and in the URL, and copies the credentials', () => {
    const on = bench('one');
    const two = anotherNamespace(on.chart, 'two');
    const credentials = new Credentials(two, 'c', {
      name: 'db',
      values: { password: 'Token_1' },
      forClients: { PASSWORD: 'password' },
    });
    const db = make(two, 'db', { sql: { number: 5432, credentials } });
    const client = make(on.namespace, 'client', http);
    on.connections.connect(client, db, 'sql');
    on.connections.connect(client, db, 'sql');
    const manifests = on.synth();
    expect(envOf(manifests, 'client')).toEqual({ DB_URL: 'http://db.two.svc:5432', DB_PASSWORD: 'db/password' });
    expect(object(manifests, 'Secret', 'db', 'one').stringData).toEqual({ password: 'Token_1' });
    const reach = new Reachability(manifests);
    const [from, to] = [
      podsOf(manifests).find(({ name }) => name === 'client'),
      podsOf(manifests).find(({ name }) => name === 'db'),
    ];
    if (!from || !to) throw new Error('pods are missing');
    expect(reach.allows(from, to, 5432, 'TCP')).toBe(true);
    expect(reach.allows({ ...from, namespace: 'three' }, to, 5432, 'TCP')).toBe(false);
    expect(reach.allows(from, { ...to, namespace: 'three' }, 5432, 'TCP')).toBe(false);
  });
});

describe('Connections: outside', () => {
  const setUp = () => {
    const on = bench();
    const pod = make(on.namespace, 'a', http);
    return { ...on, pod, identity: () => podsOf(on.synth())[0] ?? { name: '', namespace: '', labels: {} } };
  };

  it('lets a pod reach an address range but not what is taken out of it', () => {
    const { connections, pod, synth: emit, identity } = setUp();
    connections.toOutside(pod, { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }, 443);
    const reach = new Reachability(emit());
    expect(reach.allowsAddress(identity(), '93.184.216.34', 443, 'TCP')).toBe(true);
    expect(reach.allowsAddress(identity(), '10.1.2.3', 443, 'TCP')).toBe(false);
    expect(reach.allowsAddress(identity(), '93.184.216.34', 80, 'TCP')).toBe(false);
  });

  it('lets a node and a gateway in at one port', () => {
    const { connections, pod, synth: emit, identity } = setUp();
    connections.fromOutside({ cidr: '10.20.0.1/32' }, pod, 'http');
    connections.fromOutside({ namespace: 'gateway' }, pod, 'http');
    const reach = new Reachability(emit());
    expect(reach.allowsFromAddress('10.20.0.1', identity(), 8000, 'TCP')).toBe(true);
    expect(reach.allowsFromAddress('10.20.0.2', identity(), 8000, 'TCP')).toBe(false);
    const gateway = { name: 'g', namespace: 'gateway', labels: { app: 'g' } };
    // The gateway's own namespace has no policies here, so that only this side decides.
    expect(reach.allows(gateway, identity(), 8000, 'TCP')).toBe(true);
    expect(reach.allows({ ...gateway, namespace: 'other' }, identity(), 8000, 'TCP')).toBe(false);
  });
});

describe('Connections: mistakes', () => {
  it('reports an unknown port with what there is', () => {
    const on = bench();
    const [a, b] = [make(on.namespace, 'a', http), make<string>(on.namespace, 'b', http)];
    on.connections.connect(a, b, 'grpc');
    on.connections.fromOutside({ cidr: '10.0.0.0/8' }, b, 'web');
    const error = synthError(on.synth);
    expect(error).toContain('[test/connections] a -> b.ports is "grpc": "b" has http');
    expect(error).toContain('outside -> b.ports is "web": "b" has http');
  });

  it('does not compile with an unknown port where the ports are known', () => {
    const on = bench();
    const [a, b] = [make(on.namespace, 'a', http), make(on.namespace, 'b', http)];
    // @ts-expect-error -- "b" has no such port
    on.connections.connect(a, b, 'grpc');
    expect(synthError(on.synth)).toContain('"grpc"');
  });

  it('reports a circle of starts with its path, and takes one that is not about starting', () => {
    const circle = (order: boolean) => {
      const on = bench();
      const [a, b, c] = [make(on.namespace, 'a', http), make(on.namespace, 'b', http), make(on.namespace, 'c', http)];
      on.connections.connect(a, b, 'http');
      on.connections.connect(b, c, 'http');
      on.connections.connect(c, a, 'http', { order });
      return on;
    };
    expect(synthError(circle(true).synth)).toMatch(/c -> a is "c -> a -> b -> c": each would wait.*order: false/);
    const manifests = circle(false).synth();
    expect(envOf(manifests, 'c')).toEqual({ A_URL: 'http://a:8000' });
  });

  it('reports a workload that would wait for itself', () => {
    const on = bench();
    const a = make(on.namespace, 'a', http);
    on.connections.connect(a, a, 'http');
    expect(synthError(on.synth)).toMatch(/a -> a is "a -> a"/);
  });
});

describe('Connections: exactly what is declared passes', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const ports = { http: { number: 8000 }, grpc: { number: 9000 }, dns: { number: 9000, protocol: 'udp' as const } };
  type PortName = keyof typeof ports;
  const edge = fc.record({
    source: fc.nat(names.length - 1),
    target: fc.nat(names.length - 1),
    port: fc.constantFrom<PortName>('http', 'grpc', 'dns'),
  });

  it('for any set of connections, over workloads, ports and protocols in two namespaces', () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 12 }), (declared) => {
        const { manifests } = platform(declared);
        const reach = new Reachability(manifests);
        const pods = podsOf(manifests);
        for (const source of pods) {
          for (const target of pods) {
            for (const [name, port] of Object.entries(ports)) {
              const wanted = declared.some(
                (each) =>
                  names[each.source] === source.name && names[each.target] === target.name && each.port === name,
              );
              const protocol = 'protocol' in port ? 'UDP' : 'TCP';
              expect([source.name, target.name, name, reach.allows(source, target, port.number, protocol)]).toEqual([
                source.name,
                target.name,
                name,
                wanted,
              ]);
            }
            expect(reach.allows(source, target, 8001, 'TCP')).toBe(false);
          }
          expect(reach.allowsAddress(source, '93.184.216.34', 443, 'TCP')).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('in whatever order they are declared', () => {
    fc.assert(
      fc.property(fc.uniqueArray(edge, { maxLength: 8, selector: (each) => JSON.stringify(each) }), (declared) => {
        const policies = (edges: typeof declared) =>
          objects(platform(edges).manifests, 'NetworkPolicy').map((each) => each.spec);
        expect(policies([...declared].reverse())).toEqual(policies(declared));
      }),
      { numRuns: 30 },
    );
  });

  /** Workloads a to c in one namespace, d and e in another. */
  function platform(declared: readonly { source: number; target: number; port: PortName }[]): {
    manifests: Manifest[];
  } {
    const { chart, namespace } = bench('one');
    const two = anotherNamespace(chart, 'two');
    const connections = new Connections(chart, 'more');
    const workloads = names.map((name, index) => make(index < 3 ? namespace : two, name, ports));
    for (const { source, target, port } of declared) {
      const [from, to] = [workloads[source], workloads[target]];
      if (from && to) connections.connect(from, to, port, { order: false, env: false });
    }
    return { manifests: synth(chart) };
  }
});
