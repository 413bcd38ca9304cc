import { describe, expect, it } from '@jest/globals';
import { at, podLabelsOf } from '../../constructs/bridge/manifest.ts';
import {
  Autoscaling,
  Duration,
  Prometheus,
  probes,
  Rollout,
  type RolloutProps,
  Size,
  Workload,
} from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, objects, podOf, small, synthError } from '../support/manifests.ts';

const release = { version: 'v1.1', image: { reference: 'registry.example/lab:1.1.0', version: '1.1.0' } };

function lab(replicas = 9, kind: 'Deployment' | 'StatefulSet' = 'Deployment') {
  const on = bench();
  const target = new Workload(on.namespace, 'lab', {
    name: 'lab',
    component: 'api',
    kind,
    image: { reference: 'registry.example/lab:1.0.0', version: '1.0.0' },
    ports: { http: { number: 8000 } },
    resources: small,
    probes: probes({ ready: { http: '/', port: 8000 }, live: { tcp: 8000 } }),
    replicas,
  });
  return { ...on, target };
}

function rolled(props: Omit<RolloutProps, 'target'>, replicas = 9) {
  const on = lab(replicas);
  return { ...on, rollout: new Rollout(on.namespace, 'rollout', { target: on.target, ...props }) };
}

const selector = (manifests: ReturnType<ReturnType<typeof lab>['synth']>, name: string) =>
  at(object(manifests, 'Service', name), 'spec', 'selector');

describe('Rollout: rolling', () => {
  it('sets the pace', () => {
    const { synth } = rolled({ strategy: { kind: 'rolling', surge: 2, unavailable: 1, settle: Duration.seconds(30) } });
    expect(object(synth(), 'Deployment', 'lab').spec).toMatchObject({
      minReadySeconds: 30,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
    });
  });

  it('refuses a pace at which nothing moves', () => {
    const { synth } = rolled({ strategy: { kind: 'rolling', surge: 0, unavailable: 0 } });
    expect(synthError(synth)).toMatch(/rollout\.strategy is .*one of them has to be 1 or more/);
  });
});

describe('Rollout: blue-green', () => {
  const strategy = { kind: 'blue-green', blue: 'v1.0', green: release, live: 'blue' } as const;

  it('runs both, leads to the live one, and shows the other one beside it', () => {
    const manifests = rolled({ strategy }).synth();
    expect(selector(manifests, 'lab')).toEqual({ app: 'lab', version: 'v1.0' });
    expect(selector(manifests, 'lab-preview')).toEqual({ app: 'lab', version: 'v1.1' });
    expect(selector(rolled({ strategy: { ...strategy, live: 'green' } }).synth(), 'lab')).toEqual({
      app: 'lab',
      version: 'v1.1',
    });
    expect(podLabelsOf(object(manifests, 'Deployment', 'lab'))).toMatchObject({ app: 'lab', version: 'v1.0' });
    expect(podLabelsOf(object(manifests, 'Deployment', 'lab-green'))).toMatchObject({ app: 'lab', version: 'v1.1' });
  });

  it('keeps the two controllers from taking each other’s pods', () => {
    const manifests = rolled({ strategy }).synth();
    for (const [name, track] of [
      ['lab', 'blue'],
      ['lab-green', 'green'],
    ] as const) {
      const deployment = object(manifests, 'Deployment', name);
      expect(at(deployment, 'spec', 'selector')).toEqual({ matchLabels: { app: 'lab', 'keelson.dev/track': track } });
      expect(podLabelsOf(deployment)).toMatchObject({ 'keelson.dev/track': track });
    }
  });

  it('makes the second version the same but for its image, with what connections add later', () => {
    const on = rolled({ strategy });
    on.target.setEnv('REDIS_URL', 'redis://redis:6379');
    const manifests = on.synth();
    expect(envOf(manifests, 'lab-green')).toEqual(envOf(manifests, 'lab'));
    expect(containerOf(manifests, 'lab-green').image).toBe('registry.example/lab:1.1.0');
    expect(podOf(manifests, 'lab-green').securityContext).toEqual(podOf(manifests, 'lab').securityContext);
  });

  it.each([
    [
      { ...strategy, green: { ...release, version: 'v1.0' } },
      /rollout\.version is "v1\.0": both have the same version/,
    ],
    [
      { kind: 'blue-green', blue: 'v1.0', live: 'green' } as const,
      /rollout\.live is "green": there is no green release/,
    ],
    [{ ...strategy, blue: 'not a label!' }, /rollout\.version is "not a label!": use at most 63/],
  ])('refuses %j', (broken, message) => {
    expect(synthError(rolled({ strategy: broken }).synth)).toMatch(message);
  });
});

describe('Rollout: canary', () => {
  const canary = (weight: number, by: 'pods' | 'route' = 'pods') =>
    ({ kind: 'canary', stable: 'v1.0', canary: release, weight, by }) as const;

  it('divides the pods by weight, behind one service', () => {
    const { synth, rollout } = rolled({ strategy: canary(10) }, 10);
    const manifests = synth();
    expect(at(object(manifests, 'Deployment', 'lab'), 'spec', 'replicas')).toBe(9);
    expect(at(object(manifests, 'Deployment', 'lab-canary'), 'spec', 'replicas')).toBe(1);
    expect(selector(manifests, 'lab')).toEqual({ app: 'lab' });
    expect(rollout.split).toEqual([{ service: 'lab', weight: 100 }]);
  });

  it('leaves the division to the gateway, with a service for each', () => {
    const { synth, rollout } = rolled({ strategy: canary(10, 'route') }, 3);
    const manifests = synth();
    expect(rollout.split).toEqual([
      { service: 'lab-stable', weight: 90 },
      { service: 'lab-canary', weight: 10 },
    ]);
    expect(selector(manifests, 'lab-canary')).toEqual({ app: 'lab', 'keelson.dev/track': 'canary' });
    expect(at(object(manifests, 'Deployment', 'lab'), 'spec', 'replicas')).toBe(3);
  });

  it('says when so few pods cannot give the weight', () => {
    expect(synthError(rolled({ strategy: canary(10) }, 3).synth)).toMatch(
      /rollout\.weight is 10: 2 \+ 1 pods give 33 percent: use by: "route", or 10 replicas/,
    );
    expect(synthError(rolled({ strategy: canary(101) }).synth)).toMatch(/rollout\.weight is 101: use 0 to 100 percent/);
  });

  it('is for Deployments', () => {
    const on = lab(2, 'StatefulSet');
    new Rollout(on.namespace, 'rollout', { target: on.target, strategy: canary(50) });
    expect(synthError(on.synth)).toMatch(/rollout\.target is "StatefulSet": only a Deployment is rolled out so/);
  });
});

describe('Rollout by Argo', () => {
  it('goes to a tenth, looks for five minutes, and waits for a person', () => {
    const strategy = { kind: 'canary', stable: 'v1.0', weight: 10 } as const;
    const manifests = rolled({ strategy, argo: {} }).synth();
    const { spec } = object(manifests, 'Rollout', 'lab');
    expect(spec).toMatchObject({
      replicas: 9,
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'lab' },
      strategy: {
        canary: {
          stableService: 'lab-stable',
          canaryService: 'lab-canary',
          steps: [{ setWeight: 10 }, { pause: { duration: '300s' } }, { pause: {} }],
        },
      },
    });
    expect(at(object(manifests, 'Deployment', 'lab'), 'spec', 'replicas')).toBeUndefined();
  });

  it('judges by a query, and lets the controller ask it', () => {
    const on = lab();
    const { images, connections } = on;
    const server = new Prometheus(on.namespace, 'prometheus', {
      images,
      connections,
      resources: small,
      storage: { size: Size.gibibytes(1) },
      targets: [],
    });
    const analysis = { server, connections, query: 'vector(0)', below: 0.05, interval: Duration.seconds(30) };
    new Rollout(on.namespace, 'rollout', {
      target: on.target,
      strategy: { kind: 'blue-green', blue: 'v1.0', live: 'blue' },
      argo: { analysis },
    });
    const manifests = on.synth();
    expect(at(object(manifests, 'Rollout', 'lab'), 'spec', 'strategy', 'blueGreen')).toMatchObject({
      activeService: 'lab',
      previewService: 'lab-preview',
      autoPromotionEnabled: false,
      prePromotionAnalysis: { templates: [{ templateName: 'lab' }] },
    });
    expect(JSON.stringify(object(manifests, 'AnalysisTemplate', 'lab').spec)).toContain(
      'http://prometheus.test.svc:9090',
    );
    expect(JSON.stringify(object(manifests, 'NetworkPolicy', 'prometheus').spec)).toContain('argo-rollouts');
  });

  it('stands between the autoscaler and the pods', () => {
    const on = lab();
    new Autoscaling(on.namespace, 'scaling', {
      target: on.target,
      min: 2,
      max: 4,
      metrics: [{ kind: 'cpu', percent: 70 }],
    });
    new Rollout(on.namespace, 'rollout', {
      target: on.target,
      strategy: { kind: 'canary', stable: 'v1.0', weight: 10 },
      argo: {},
    });
    const manifests = on.synth();
    expect(at(object(manifests, 'HorizontalPodAutoscaler', 'lab-hpa'), 'spec', 'scaleTargetRef')).toEqual({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      name: 'lab',
    });
    expect(objects(manifests, 'Deployment')).toHaveLength(1);
  });
});
