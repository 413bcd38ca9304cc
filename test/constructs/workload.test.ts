import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  Cpu,
  Credentials,
  EnvValue,
  Namespace,
  Probe,
  Size,
  Workload,
  type WorkloadProps,
} from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, objects, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';

const props: WorkloadProps<'http'> = {
  name: 'api',
  component: 'gateway',
  kind: 'Deployment',
  image: { reference: 'registry.example/api:1.2.3', version: '1.2.3' },
  ports: { http: { number: 8000 } },
  resources: small,
  probes: { readiness: Probe.fromTcpSocket({ port: 8000 }) },
};

function workload(more: Partial<WorkloadProps<'http'>> = {}) {
  const on = bench();
  const made = new Workload(on.namespace, 'api', { ...props, ...more });
  return { ...on, made };
}

describe('Workload: what it emits', () => {
  it('meets the restricted Pod Security Standard, init containers included', () => {
    const { synth } = workload({
      init: [{ name: 'copy', image: props.image, command: ['true'], mounts: { tmp: '/tmp' }, resources: small }],
    });
    expect(restrictedViolations(podOf(synth(), 'api'))).toEqual([]);
  });

  it('writes nowhere but in /tmp', () => {
    const container = containerOf(workload().synth(), 'api');
    expect(at(container, 'securityContext', 'readOnlyRootFilesystem')).toBe(true);
    expect(objectsAt(container, 'volumeMounts')).toEqual([{ name: 'tmp', mountPath: '/tmp' }]);
  });

  it('runs as a user and group of its own, whose volumes are re-owned only when they have to be', () => {
    expect(at(podOf(workload().synth(), 'api'), 'securityContext')).toMatchObject({
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      fsGroupChangePolicy: 'OnRootMismatch',
    });
  });

  it('has its own service account and no token anywhere', () => {
    const manifests = workload().synth();
    expect(podOf(manifests, 'api')).toMatchObject({ serviceAccountName: 'api', automountServiceAccountToken: false });
    expect(object(manifests, 'ServiceAccount', 'api')).toMatchObject({ automountServiceAccountToken: false });
  });

  it('takes no variables from the services around it', () => {
    expect(podOf(workload().synth(), 'api')).toMatchObject({ enableServiceLinks: false });
  });

  it('selects by the stable label alone, in controller, service and budget', () => {
    const manifests = workload({ replicas: 2 }).synth();
    expect(at(object(manifests, 'Deployment', 'api'), 'spec', 'selector')).toEqual({ matchLabels: { app: 'api' } });
    expect(at(object(manifests, 'Service', 'api'), 'spec', 'selector')).toEqual({ app: 'api' });
    expect(at(object(manifests, 'PodDisruptionBudget', 'api'), 'spec', 'selector')).toEqual({
      matchLabels: { app: 'api' },
    });
  });

  it('keeps the construct path out of every object', () => {
    const { chart, namespace, synth } = bench();
    new Workload(namespace, 'somewhere-else', { ...props, kind: 'StatefulSet' });
    expect(chart.node.findAll().length).toBeGreaterThan(5);
    expect(JSON.stringify(synth())).not.toMatch(/somewhere-else|cdk8s\.io/);
  });

  it('labels pods with name, component, platform and version', () => {
    const labels = at(object(workload().synth(), 'Deployment', 'api'), 'spec', 'template', 'metadata', 'labels');
    expect(labels).toEqual({
      app: 'api',
      'app.kubernetes.io/name': 'api',
      'app.kubernetes.io/component': 'gateway',
      'app.kubernetes.io/part-of': 'test',
      'app.kubernetes.io/version': '1.2.3',
      'app.kubernetes.io/managed-by': 'keelson',
    });
  });

  it('requests CPU and memory, and limits memory; CPU only where asked', () => {
    expect(containerOf(workload().synth(), 'api').resources).toEqual({
      requests: { cpu: '50m', memory: '64Mi', 'ephemeral-storage': '192Mi' },
      limits: { memory: '256Mi', 'ephemeral-storage': '192Mi' },
    });
    const limited = { ...small, cpu: { request: Cpu.millis(50), limit: Cpu.units(1) } };
    expect(at(containerOf(workload({ resources: limited }).synth(), 'api'), 'resources', 'limits', 'cpu')).toBe('1');
  });

  it('has a budget that lets one pod go at a time, and none for a single replica, which it would pin to its node', () => {
    expect(objects(workload({ replicas: 1 }).synth(), 'PodDisruptionBudget')).toEqual([]);
    expect(object(workload({ replicas: 3 }).synth(), 'PodDisruptionBudget', 'api').spec).toMatchObject({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
    });
  });

  it('takes no capacity away in a rollout', () => {
    expect(at(object(workload().synth(), 'Deployment', 'api'), 'spec', 'strategy')).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 1, maxUnavailable: 0 },
    });
    expect(
      at(object(workload({ strategy: 'recreate' }).synth(), 'Deployment', 'api'), 'spec', 'strategy', 'type'),
    ).toBe('Recreate');
  });

  it('waits before SIGTERM where another replica can take over', () => {
    const sleep = (more: Partial<WorkloadProps<'http'>>) =>
      at(containerOf(workload(more).synth(), 'api'), 'lifecycle', 'preStop', 'sleep', 'seconds');
    expect(sleep({ replicas: 2 })).toBe(5);
    expect(sleep({ replicas: 1 })).toBeUndefined();
  });

  it('spreads over nodes and zones, and takes a priority class', () => {
    const pod = podOf(workload({ priorityClass: 'critical' }).synth(), 'api');
    expect(objectsAt(pod, 'topologySpreadConstraints').map((each) => each.topologyKey)).toEqual([
      'kubernetes.io/hostname',
      'topology.kubernetes.io/zone',
    ]);
    expect(pod.priorityClassName).toBe('critical');
  });

  it('calls container, policy and further ports of the service what others expect', () => {
    const { synth } = workload({
      names: { container: 'main', policy: 'api-policy' },
      ports: { http: { number: 8000, metrics: '/metrics', aliases: { public: 8001 } } },
    });
    const manifests = synth();
    expect(containerOf(manifests, 'api').name).toBe('main');
    expect(object(manifests, 'NetworkPolicy', 'api-policy').metadata.labels).toMatchObject({ app: 'api' });
    const ports = (name: string) => objectsAt(object(manifests, 'Service', name), 'spec', 'ports');
    expect(ports('api').map(({ port, targetPort }) => [port, targetPort])).toEqual([
      [8000, 8000],
      [8001, 8000],
    ]);
    expect(ports('api-headless').map(({ port }) => port)).toEqual([8000]);
  });

  it('keeps UDP apart from TCP', () => {
    const on = bench();
    new Workload(on.namespace, 'dns', {
      ...props,
      ports: { tcp: { number: 5353 }, udp: { number: 5353, protocol: 'udp' } },
    });
    expect(at(object(on.synth(), 'Service', 'api'), 'spec', 'ports')).toMatchObject([
      { name: 'tcp', protocol: 'TCP' },
      { name: 'udp', protocol: 'UDP' },
    ]);
  });

  it('has an address per replica where it is stateful or scraped', () => {
    const services = (more: Partial<WorkloadProps<'http'>>) =>
      objects(workload(more).synth(), 'Service').map((each) => each.metadata.name);
    expect(services({})).toEqual(['api']);
    expect(services({ kind: 'StatefulSet' }).sort()).toEqual(['api', 'api-headless']);
    expect(services({ ports: { http: { number: 8000, metrics: '/metrics' } } }).sort()).toEqual([
      'api',
      'api-headless',
    ]);
  });
});

describe('Workload: files, secrets and storage', () => {
  const folder = (content: string) => [{ name: 'config', path: '/etc/api', files: { 'api.conf': content } }];
  const hash = (more: Partial<WorkloadProps<'http'>>) =>
    at(object(workload(more).synth(), 'Deployment', 'api'), 'spec', 'template', 'metadata', 'annotations');

  it('rolls out when a file changes, and only then', () => {
    expect(hash({ config: folder('a') })).toEqual(hash({ config: folder('a') }));
    expect(hash({ config: folder('a') })).not.toEqual(hash({ config: folder('b') }));
    expect(hash({})).toBeUndefined();
  });

  it('mounts secrets by reference, readable for the group only', () => {
    const on = bench();
    const credentials = new Credentials(on.namespace, 'credentials', { name: 'keys', values: { a: 'Token_1' } });
    new Workload(on.namespace, 'api', {
      ...props,
      env: { KEY: credentials.env('a') },
      secrets: [{ path: '/etc/keys', credentials }],
    });
    const manifests = on.synth();
    expect(envOf(manifests, 'api')).toEqual({ KEY: 'keys/a' });
    expect(objectsAt(podOf(manifests, 'api'), 'volumes')).toContainEqual({
      name: 'secret-keys',
      secret: { secretName: 'keys', defaultMode: 0o440 },
    });
    const holders = manifests.filter((manifest) => JSON.stringify(manifest).includes('Token_1'));
    expect(holders.map((manifest) => manifest.kind)).toEqual(['Secret']);
  });

  it('claims storage under a fixed name, with no other volume of that name in the pod', () => {
    const claims = [{ name: 'data', path: '/data', size: Size.gibibytes(2), storageClass: 'fast' }];
    const manifests = workload({ kind: 'StatefulSet', claims }).synth();
    expect(objectsAt(object(manifests, 'StatefulSet', 'api'), 'spec', 'volumeClaimTemplates')).toMatchObject([
      {
        metadata: { name: 'data' },
        spec: {
          accessModes: ['ReadWriteOnce'],
          storageClassName: 'fast',
          resources: { requests: { storage: '2048Mi' } },
        },
      },
    ]);
    expect(objectsAt(podOf(manifests, 'api'), 'volumes').map((volume) => volume.name)).toEqual(['tmp']);
    expect(objectsAt(containerOf(manifests, 'api'), 'volumeMounts')).toContainEqual({
      name: 'data',
      mountPath: '/data',
    });
  });

  it('gives init containers the volumes that they name', () => {
    const init = [
      { name: 'copy', image: props.image, command: ['cp'], mounts: { models: '/cache' }, resources: small },
    ];
    const scratch = [{ name: 'models', path: '/models', size: Size.mebibytes(10) }];
    const [container] = objectsAt(podOf(workload({ init, scratch }).synth(), 'api'), 'initContainers');
    expect(container?.volumeMounts).toEqual([{ name: 'models', mountPath: '/cache' }]);
    expect(() => workload({ init })).toThrow(/init\.mounts\.models is "\/cache": name one of tmp/);
  });
});

describe('Workload: mistakes, with path, value and cure', () => {
  const broken: [string, Partial<WorkloadProps<'http'>>, RegExp][] = [
    ['name', { name: 'Api_1' }, /name is "Api_1": use at most 52 lower-case/],
    ['replicas', { replicas: 1.5 }, /replicas is 1\.5: use a whole number/],
    ['latest', { image: { reference: 'a/b:latest', version: '1' } }, /image is "a\/b:latest": name a version/],
    ['no tag', { image: { reference: 'host:5000/a/b', version: '1' } }, /image is "host:5000\/a\/b": name a version/],
    [
      'memory',
      { resources: { ...small, memory: { request: Size.gibibytes(1), limit: Size.mebibytes(512) } } },
      /resources\.memory\.request is "1Gi": lower it to the limit, 512Mi/,
    ],
    ['low port', { ports: { http: { number: 80 } } }, /ports\.http\.number is 80: use 1024 to 65535/],
    [
      'claims of a Deployment',
      { claims: [{ name: 'data', path: '/data', size: Size.gibibytes(1) }] },
      /claims is \["data"\]: only kind 'StatefulSet'/,
    ],
  ];

  it.each(broken)('%s', (_, more, message) => {
    const { synth } = workload(more);
    expect(synthError(synth)).toMatch(message);
  });

  it('names the construct and reports all mistakes at once', () => {
    const error = synthError(workload({ replicas: -1, name: 'API' }).synth);
    expect(error).toContain('[test/namespace/api] replicas is -1');
    expect(error).toContain('[test/namespace/api] name is "API"');
  });

  it('accepts a digest in place of a tag, and a port on the registry', () => {
    const reference = `host:5000/a/b@sha256:${'0'.repeat(64)}`;
    expect(workload({ image: { reference, version: '1' } }).synth().length).toBeGreaterThan(0);
  });

  it('refuses two values for one variable and shows neither', () => {
    const { made, synth } = workload({ env: { A: '1' } });
    made.setEnv('A', '1');
    made.setEnv('A', EnvValue.fromValue('geheim'));
    const error = synthError(synth);
    expect(error).toMatch(/env\.A/);
    expect(error).not.toContain('geheim');
  });
});

describe('Workload: what it may have besides', () => {
  const image = { reference: 'registry.example/exporter:1.0.0', version: '1.0.0' };

  it('runs on the nodes, and with the runtime and devices, that it names', () => {
    const manifests = workload({
      placement: {
        nodeSelector: { pool: 'gpu' },
        tolerations: [{ key: 'nvidia.com/gpu' }, { key: 'spot', value: 'yes', effect: 'NoExecute' }],
        runtimeClass: 'nvidia',
      },
      resources: { ...small, devices: { 'nvidia.com/gpu': 2 } },
    }).synth();
    expect(podOf(manifests, 'api')).toMatchObject({
      nodeSelector: { pool: 'gpu' },
      runtimeClassName: 'nvidia',
      tolerations: [
        { key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
        { key: 'spot', operator: 'Equal', value: 'yes', effect: 'NoExecute' },
      ],
    });
    const { resources } = containerOf(manifests, 'api');
    expect([at(resources, 'requests', 'nvidia.com/gpu'), at(resources, 'limits', 'nvidia.com/gpu')]).toEqual([2, 2]);
  });

  it('has sidecars that are hardened alike, share what they name, and listen on ports of the service', () => {
    const manifests = workload({
      scratch: [{ name: 'shared', path: '/shared', size: Size.mebibytes(10) }],
      sidecars: [
        {
          name: 'exporter',
          image,
          resources: small,
          ports: { metrics: { number: 9100, metrics: '/metrics' } },
          mounts: { shared: '/data' },
        },
      ],
    }).synth();
    expect(restrictedViolations(podOf(manifests, 'api'))).toEqual([]);
    const [, sidecar] = objectsAt(podOf(manifests, 'api'), 'containers');
    expect(sidecar).toMatchObject({ name: 'exporter', volumeMounts: [{ name: 'shared', mountPath: '/data' }] });
    const ports = objectsAt(object(manifests, 'Service', 'api'), 'spec', 'ports').map(({ name }) => name);
    expect(ports).toEqual(['http', 'metrics']);
  });

  it('refuses a sidecar’s port that is taken, and a folder that is not there', () => {
    const sidecar = { name: 'second', image, resources: small };
    const taken = { healthPort: 8081, sidecars: [{ ...sidecar, ports: { metrics: { number: 8081 } } }] };
    expect(synthError(workload(taken).synth)).toMatch(/ports\.health\.number is 8081: "metrics" has it already/);
    expect(synthError(workload({ sidecars: [{ ...sidecar, ports: { http: { number: 8000 } } }] }).synth)).toMatch(
      /sidecars\.ports\.http is "http": another container of the pod has a port of that name/,
    );
    expect(synthError(() => workload({ sidecars: [{ ...sidecar, mounts: { nothing: '/x' } }] }))).toMatch(
      /sidecars\.second\.mounts\.nothing is "\/x": name one of tmp/,
    );
  });

  it('may call the API server with a token that is renewed within the hour', () => {
    const pod = podOf(workload({ apiAccess: true }).synth(), 'api');
    expect(pod.automountServiceAccountToken).toBe(false);
    const token = objectsAt(pod, 'volumes').find(({ name }) => name === 'api-token');
    expect(objectsAt(token, 'projected', 'sources')[0]).toEqual({
      serviceAccountToken: { path: 'token', expirationSeconds: 3600 },
    });
    expect(restrictedViolations(pod)).toEqual([]);
  });

  it('is given no folder of the node outside of the namespaces of node agents', () => {
    const host = { folders: [{ name: 'proc', hostPath: '/proc', path: '/host/proc' }] };
    expect(synthError(workload({ host }).synth)).toMatch(
      /host is \["\/proc"\]: "test" is not among the namespaces of node agents/,
    );
  });

  it('is spread over nodes, and beside none of its own where another has room', () => {
    expect(at(podOf(workload().synth(), 'api'), 'affinity', 'podAntiAffinity')).toBeDefined();
  });
});

describe('Workload: in a namespace of guaranteed quality', () => {
  it('requests what it may take at most, and asks the registry at each start', () => {
    const on = bench();
    const namespace = new Namespace(on.chart, 'prod', {
      name: 'prod',
      hardening: { quality: 'guaranteed', pullPolicy: 'Always' },
    });
    new Workload(namespace, 'api', props);
    const container = containerOf(on.synth(), 'api');
    const sizes = { cpu: '50m', memory: '256Mi', 'ephemeral-storage': '192Mi' };
    expect(container.resources).toEqual({ requests: sizes, limits: sizes });
    expect(container.imagePullPolicy).toBe('Always');
  });
});
