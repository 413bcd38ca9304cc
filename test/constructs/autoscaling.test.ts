import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  Autoscaling,
  type AutoscalingProps,
  Duration,
  Prometheus,
  probes,
  Redis,
  Size,
  Workload,
} from '../../constructs/index.ts';
import { bench, containerOf, object, objects, small, synthError } from '../support/manifests.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

function scaled(props: Partial<AutoscalingProps> = {}, replicas = 1) {
  const on = bench();
  const target = new Workload(on.namespace, 'api', {
    name: 'api',
    component: 'test',
    kind: 'Deployment',
    image: { reference: 'registry.example/api:1', version: '1' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
    replicas,
  });
  const made = new Autoscaling(on.namespace, 'scaling', {
    target,
    min: 3,
    max: 10,
    metrics: [
      { kind: 'cpu', percent: 70 },
      { kind: 'memory', percent: 80 },
    ],
    ...props,
  });
  return { ...on, target, made };
}

function keda(props: Partial<AutoscalingProps> = {}) {
  const on = bench();
  const target = new Workload(on.namespace, 'worker', {
    name: 'worker',
    component: 'test',
    kind: 'Deployment',
    image: { reference: 'registry.example/worker:1', version: '1' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
  });
  const { images, connections } = on;
  const redis = new Redis(on.namespace, 'redis', {
    images,
    resources: small,
    password: 'p',
    persistence: { kind: 'none' },
  });
  const prometheus = new Prometheus(on.namespace, 'prometheus', {
    images,
    resources: small,
    connections,
    storage: { size: Size.gibibytes(1) },
    targets: [],
  });
  new Autoscaling(on.namespace, 'scaling', {
    target,
    min: 0,
    max: 8,
    by: { kind: 'keda', connections },
    metrics: [
      { kind: 'redis-list', server: redis, list: 'jobs', length: 5 },
      { kind: 'prometheus', server: prometheus, query: 'sum(up)', threshold: 2.5, activation: 1 },
    ],
    ...props,
  });
  return on;
}

describe('Autoscaling', () => {
  it('scales on CPU and memory, with the windows it is given', () => {
    const { synth } = scaled({
      name: 'quantum-rerank-hpa',
      up: { stabilisation: Duration.seconds(60) },
      down: { stabilisation: Duration.seconds(300), pods: 1, percent: 10 },
    });
    expect(object(synth(), 'HorizontalPodAutoscaler', 'quantum-rerank-hpa').spec).toEqual({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'api' },
      minReplicas: 3,
      maxReplicas: 10,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        { type: 'Resource', resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } } },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 60 },
        scaleDown: {
          stabilizationWindowSeconds: 300,
          policies: [
            { type: 'Pods', value: 1, periodSeconds: 60 },
            { type: 'Percent', value: 10, periodSeconds: 60 },
          ],
          selectPolicy: 'Max',
        },
      },
    });
  });

  it('is named after its target, goes up at once and down after five minutes', () => {
    const manifests = scaled().synth();
    expect(at(object(manifests, 'HorizontalPodAutoscaler', 'api-hpa'), 'spec', 'behavior')).toEqual({
      scaleUp: { stabilizationWindowSeconds: 0 },
      scaleDown: { stabilizationWindowSeconds: 300 },
    });
  });

  it('leaves the number of pods to the autoscaler, and guards those that come', () => {
    const manifests = scaled().synth();
    expect(at(object(manifests, 'Deployment', 'api'), 'spec', 'replicas')).toBeUndefined();
    expect(objects(manifests, 'PodDisruptionBudget')).toHaveLength(1);
    expect(at(containerOf(manifests, 'api'), 'lifecycle', 'preStop', 'sleep')).toEqual({ seconds: 5 });
    expect(objects(scaled({}, 3).synth(), 'PodDisruptionBudget')).toHaveLength(1);
  });

  it('reads custom and external metrics', () => {
    const { synth } = scaled({
      metrics: [
        { kind: 'pods', metric: 'requests', average: 12.5 },
        { kind: 'external', metric: 'queue', labels: { name: 'jobs' }, average: 5 },
      ],
    });
    expect(objectsAt(object(synth(), 'HorizontalPodAutoscaler', 'api-hpa'), 'spec', 'metrics')).toEqual([
      {
        type: 'Pods',
        pods: { metric: { name: 'requests' }, target: { type: 'AverageValue', averageValue: '12500m' } },
      },
      {
        type: 'External',
        external: {
          metric: { name: 'queue', selector: { matchLabels: { name: 'jobs' } } },
          target: { type: 'AverageValue', averageValue: '5' },
        },
      },
    ]);
  });

  it.each([
    [{ min: 4, max: 3 }, /autoscaling\.max is 3: use a whole number, 4 or more/],
    [{ min: 0 }, /autoscaling\.min is 0: only KEDA scales from zero/],
    [{ metrics: [] }, /autoscaling\.metrics is \[\]: name at least one metric/],
    [{ metrics: [{ kind: 'cpu', percent: 170 }] }, /autoscaling\.metrics\.cpu is 170: use 1 to 100 percent/],
    [{ down: { stabilisation: Duration.hours(2) } }, /autoscaling\.down\.stabilisation is 7200/],
    [
      { metrics: [{ kind: 'cron', timezone: 'Etc/UTC', start: '0 8 * * *', end: '0 18 * * *', replicas: 2 }] },
      /autoscaling\.metrics\.cron is "cron": only KEDA measures this/,
    ],
  ] satisfies [Partial<AutoscalingProps>, RegExp][])('refuses %j', (props, message) => {
    expect(synthError(scaled(props).synth)).toMatch(message);
  });

  it('refuses a second autoscaler for the same workload', () => {
    const on = scaled();
    new Autoscaling(on.namespace, 'again', {
      target: on.target,
      min: 1,
      max: 2,
      metrics: [{ kind: 'cpu', percent: 50 }],
    });
    expect(synthError(on.synth)).toMatch(/autoscaling is "api": something scales it already/);
  });
});

describe('Autoscaling by KEDA', () => {
  it('scales from zero on the depth of a queue and on a query', () => {
    const { spec } = object(keda().synth(), 'ScaledObject', 'worker');
    expect(spec).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
      minReplicaCount: 0,
      maxReplicaCount: 8,
      cooldownPeriod: 300,
      advanced: { horizontalPodAutoscalerConfig: { name: 'worker-hpa' } },
      triggers: [
        {
          type: 'redis',
          metadata: { address: 'redis.test.svc:6379', listName: 'jobs', listLength: '5', activationListLength: '0' },
          authenticationRef: { name: 'worker-hpa-redis-0' },
        },
        {
          type: 'prometheus',
          metadata: {
            serverAddress: 'http://prometheus.test.svc:9090',
            query: 'sum(up)',
            threshold: '2.5',
            activationThreshold: '1',
          },
        },
      ],
    });
  });

  it('gives the operator the password by reference, and the way to what it measures', () => {
    const manifests = keda().synth();
    expect(at(object(manifests, 'TriggerAuthentication', 'worker-hpa-redis-0'), 'spec')).toEqual({
      secretTargetRef: [{ parameter: 'password', name: 'redis', key: 'password' }],
    });
    const reach = new Reachability(manifests);
    const [redis] = podsOf(manifests).filter(({ name }) => name === 'redis');
    if (!redis) throw new Error('no redis');
    const from = (namespace: string) => ({ name: 'operator', namespace, labels: {} });
    expect(reach.allows(from('keda'), redis, 6379, 'TCP')).toBe(true);
    expect(reach.allows(from('elsewhere'), redis, 6379, 'TCP')).toBe(false);
  });

  it('refuses to start from zero by what only a pod can show', () => {
    expect(synthError(keda({ metrics: [{ kind: 'cpu', percent: 70 }] }).synth)).toMatch(
      /autoscaling\.metrics is \["cpu"\]: without a pod there is no CPU/,
    );
  });
});
