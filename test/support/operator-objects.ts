import { App, Chart } from 'cdk8s';
import type { Manifest } from '../../constructs/bridge/manifest.ts';
import {
  AccessRoles,
  Autoscaling,
  Connections,
  Cpu,
  Duration,
  Gateway,
  Images,
  Monitoring,
  Namespace,
  PriorityClasses,
  Quota,
  Redis,
  Rollout,
  SecretStore,
  Size,
  Workload,
} from '../../constructs/index.ts';
import { probes } from '../../constructs/probes.ts';
import { small } from './manifests.ts';

/**
 * The operational constructs in the forms that need an operator, whether a platform uses them today or not: what the API server
 * is asked about.
 */
export function operatorObjects(suffix = ''): readonly Manifest[] {
  const chart = new Chart(new App(), 'operators', { disableResourceNameHashes: true });
  const images = new Images({ registry: 'registry.example/keelson' });
  const connections = new Connections(chart, 'connections');
  const hardening = { quality: 'guaranteed', pullPolicy: 'Always' } as const;
  const namespace = new Namespace(chart, 'namespace', { name: `operators${suffix}`, hardening });
  const agents = new Namespace(chart, 'agents', { name: `operators${suffix}-node-agents`, hardening });
  const priorities = new PriorityClasses(chart, 'priorities', { platform: 'operators' });
  const store = new SecretStore(namespace, 'secrets', {
    source: { kind: 'aws-secrets-manager', region: 'eu-central-1', prefix: 'keelson/operators/prod' },
  });
  const base = { images, resources: small, priorityClass: priorities.name('serving') };
  const redis = new Redis(namespace, 'redis', {
    ...base,
    password: store.value('redisPassword'),
    persistence: { kind: 'none' },
  });
  const api = (name: string, replicas = 2) =>
    new Workload(namespace, `workload-${name}`, {
      name,
      component: 'test',
      kind: 'Deployment',
      image: { reference: 'registry.example/api:1.0.0', version: '1.0.0' },
      ports: { http: { number: 8000, metrics: '/metrics' } },
      resources: small,
      probes: probes({ ready: { http: '/ready', port: 8000 }, live: { tcp: 8000 } }),
      replicas,
    });
  const storage = { size: Size.gibibytes(1) };
  const monitored = api('monitored');
  const release = { version: 'v1.1', image: { reference: 'registry.example/api:1.1.0', version: '1.1.0' } };
  const canary = new Rollout(namespace, 'canary', {
    target: api('canary'),
    strategy: { kind: 'canary', stable: 'v1.0', canary: release, weight: 10, by: 'route' },
  });
  new Rollout(namespace, 'blue-green', {
    target: api('colours'),
    strategy: { kind: 'blue-green', blue: 'v1.0', green: release, live: 'blue' },
  });
  const certificate = { issuer: 'letsencrypt' };
  new Gateway(namespace, 'gateway', {
    name: 'gateway',
    form: { kind: 'gateway-api' },
    certificate,
    connections,
    rateLimit: { requests: 100, per: 'second' },
    timeout: Duration.seconds(60),
    routes: [
      { host: 'canary.example.com', to: canary, port: 'http' },
      { host: 'api.example.com', path: '/v1', to: monitored, port: 'http' },
    ],
  });
  new Gateway(namespace, 'ingress', {
    name: 'ingress',
    form: { kind: 'ingress' },
    certificate,
    connections,
    rateLimit: { requests: 600, per: 'minute', burst: 50 },
    routes: [{ host: 'old.example.com', to: monitored, port: 'http' }],
  });
  const addresses = { apiServer: { cidr: '10.0.0.0/16', port: 443 }, nodes: '10.0.0.0/16' };
  const monitoring = new Monitoring(namespace, 'monitoring', {
    images,
    connections,
    prometheus: { resources: small, storage },
    alertmanager: { resources: small, storage, receivers: [] },
    grafana: { resources: small, storage, adminPassword: store.value('grafanaPassword') },
    exporter: small,
    targets: [monitored],
    redis: [redis],
    cluster: { addresses, namespaces: [namespace] },
    agents: { namespace: agents, gpu: true },
    priorityClass: priorities.name('monitoring'),
  });
  const server = monitoring.prometheus;
  const keda = { kind: 'keda', connections } as const;
  new Autoscaling(namespace, 'queue', {
    target: api('worker'),
    min: 0,
    max: 8,
    by: { ...keda, fallback: 2 },
    down: { stabilisation: Duration.minutes(5), pods: 1 },
    metrics: [
      { kind: 'redis-list', server: redis, list: 'jobs', length: 5 },
      { kind: 'prometheus', server, query: 'sum(rate(http_requests_total[1m]))', threshold: 10 },
      { kind: 'cron', timezone: 'Europe/Berlin', start: '0 8 * * 1-5', end: '0 18 * * 1-5', replicas: 2 },
      { kind: 'cpu', percent: 70 },
    ],
  });
  new Autoscaling(namespace, 'hpa', {
    target: monitored,
    min: 3,
    max: 10,
    metrics: [
      { kind: 'cpu', percent: 70 },
      { kind: 'memory', percent: 80 },
      { kind: 'pods', metric: 'http_requests_per_second', average: 12.5 },
      { kind: 'external', metric: 'queue_length', labels: { queue: 'jobs' }, average: 5 },
    ],
    up: { stabilisation: Duration.seconds(60), percent: 100, pods: 2 },
    down: { stabilisation: Duration.seconds(300) },
  });
  const analysis = { server, connections, query: 'vector(0)', below: 0.05, interval: Duration.seconds(30) };
  new Rollout(namespace, 'argo-canary', {
    target: api('stepwise'),
    strategy: { kind: 'canary', stable: 'v1.0', canary: release, weight: 10 },
    argo: { analysis, router: { kind: 'gateway-api', route: 'gateway' } },
  });
  new Rollout(namespace, 'argo-colours', {
    target: api('promoted'),
    strategy: { kind: 'blue-green', blue: 'v1.0', live: 'blue' },
    argo: { analysis },
  });
  new Quota(namespace, 'quota', { reserve: { cpu: Cpu.units(1), memory: Size.gibibytes(1), pods: 5 } });
  new AccessRoles(namespace, 'roles', { groups: { viewer: ['everyone'], deployer: ['ci'] } });
  return chart.toJson() as Manifest[]; // cdk8s types its output as any
}
