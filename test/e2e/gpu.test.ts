import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { stringify } from 'yaml';
import {
  Autoscaling,
  Cpu,
  Duration,
  type GpuPool,
  Images,
  ModelServer,
  Namespace,
  probes,
  qwen25With7B,
  Size,
  Workload,
} from '../../constructs/index.ts';
import { simulatedNode } from '../../local/cluster/gpu-nodes.ts';
import { removePendingPods, servePendingPods } from './support/pending-pods.ts';
import { kube, namespace as platform, start } from './support/platform.ts';

const name = 'gpu-scheduling';
const resources = {
  cpu: { request: Cpu.millis(500) },
  memory: { request: Size.gibibytes(4), limit: Size.gibibytes(24) },
};
const disk = Size.gibibytes(1);

/** Model servers on two pools, and something without a GPU. */
function manifests(): string {
  const chart = new Chart(new App(), name, { disableResourceNameHashes: true });
  const namespace = new Namespace(chart, name, { name });
  const images = new Images({ registry: 'registry.example' });
  const pool = (gpu: GpuPool['gpu']): GpuPool => ({ name: gpu, gpu, gpusPerNode: 1, maxNodes: 2 });
  for (const [gpu, replicas] of [
    ['l4', 2],
    ['a100-40gb', 1],
  ] as const) {
    new ModelServer(namespace, gpu, {
      images,
      name: `on-${gpu}`,
      resources: { ...resources, disk },
      runtime: { kind: 'vllm', contextLength: 4096 },
      models: [{ model: qwen25With7B, source: { kind: 'claim', claim: 'weights' } }],
      cache: { kind: 'scratch', size: Size.mebibytes(64) },
      variant: { kind: 'gpu', type: gpu, count: 1, pool: pool(gpu) },
      replicas,
    });
  }
  const onCpu = (id: string) =>
    new Workload(namespace, id, {
      name: id,
      component: 'test',
      kind: 'Deployment',
      image: { reference: 'registry.example/plain:1.0.0', version: '1.0.0' },
      ports: { http: { number: 8000 } },
      resources: { cpu: { request: Cpu.millis(1) }, memory: { request: Size.mebibytes(1), limit: Size.mebibytes(8) } },
      probes: probes({ ready: { tcp: 8000 }, live: { tcp: 8000 } }),
    });
  onCpu('plain');
  // Answers on the CPU for those that wait for a GPU: one pod for each.
  new Autoscaling(namespace, 'pool-scaling', {
    target: onCpu('overflow'),
    name: 'gpu-l4',
    min: 1,
    max: 5,
    metrics: [{ kind: 'external', metric: 'pods_pending', labels: { product: 'NVIDIA-L4' }, average: 1 }],
    up: { stabilisation: Duration.seconds(0) },
    down: { stabilisation: Duration.seconds(0) },
  });
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'weights', namespace: name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: '',
      volumeName: 'weights',
    },
  };
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'weights' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      capacity: { storage: '1Gi' },
      hostPath: { path: '/nowhere' },
      claimRef: { name: 'weights', namespace: name },
    },
  };
  const runtime = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'nvidia' }, handler: 'runc' };
  // kubectl makes them as they come: what is in a namespace after the namespace.
  const objects = chart.toJson();
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  const others = objects.filter(({ kind }) => kind !== 'Namespace');
  return [...namespaces, volume, runtime, ...others, claim].map((object) => stringify(object)).join('---\n');
}

/** Node of each pod, by the start of the pod's name; an empty text while it has none. */
async function nodesOf(prefix: string): Promise<readonly string[]> {
  const format = 'jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName}{"\\n"}{end}';
  const lines = (await kube(['get', 'pods', '-n', name, '-o', format])).split('\n');
  return lines.filter((line) => line.startsWith(prefix)).map((line) => line.split(' ')[1] ?? '');
}

describe('GPU work on simulated nodes', () => {
  beforeAll(async () => {
    const started = await start('--gpu-nodes', '2');
    if (started.exitCode !== 0) throw new Error(started.all);
    // Two pools of one node each.
    await kube(['label', 'node', 'gpu-1', 'nvidia.com/gpu.product=NVIDIA-A100-SXM4-40GB', '--overwrite']);
    await kube(['apply', '-f', '-'], manifests());
    await kube(['wait', 'deployment/on-a100-40gb', '-n', name, '--for=jsonpath={.status.replicas}=1', '--timeout=60s']);
    await kube(['wait', 'pods', '-n', name, '-l', 'app=plain', '--for=condition=PodScheduled', '--timeout=60s']);
    await kube(['wait', 'pods', '-n', name, '-l', 'app=on-a100-40gb', '--for=condition=PodScheduled', '--timeout=60s']);
  });

  afterAll(async () => {
    await removePendingPods();
    await kube(['delete', 'namespace', name, '--wait=true', '--timeout=120s']);
    await kube(['delete', 'persistentvolume/weights', 'runtimeclass/nvidia', '--ignore-not-found']);
    const started = await start();
    if (started.exitCode !== 0) throw new Error(started.all);
  });

  it('lands on the pool with its GPU alone', async () => {
    expect(await nodesOf('on-a100-40gb')).toEqual(['gpu-1']);
    // There is one L4: the second pod waits, though another GPU is free.
    expect([...(await nodesOf('on-l4'))].sort()).toEqual(['', 'gpu-0']);
  });

  it('waits for a node of its pool, which is what makes a pool grow', async () => {
    const events = await kube([
      'get',
      'events',
      '-n',
      name,
      '--field-selector',
      'reason=FailedScheduling',
      '-o',
      'jsonpath={.items[*].message}',
    ]);
    expect(events).toContain('Insufficient nvidia.com/gpu');
    await kube(['label', 'node', 'gpu-1', 'nvidia.com/gpu.product=NVIDIA-L4', '--overwrite']);
    await kube(['delete', 'deployment', 'on-a100-40gb', '-n', name, '--wait=true']);
    await kube(['wait', 'pods', '-n', name, '-l', 'app=on-l4', '--for=condition=PodScheduled', '--timeout=60s']);
    expect([...(await nodesOf('on-l4'))].sort()).toEqual(['gpu-0', 'gpu-1']);
  });

  it('scales the autoscaler of its pool while pods wait, and back when they land', async () => {
    const image = 'jsonpath={.spec.template.spec.containers[0].image}';
    await servePendingPods(await kube(['get', 'deployment', 'orchestrator', '-n', platform, '-o', image]));
    const desired = (count: number) =>
      kube(['wait', 'hpa/gpu-l4', '-n', name, `--for=jsonpath={.status.desiredReplicas}=${count}`, '--timeout=180s']);
    const waiting = async () => (await nodesOf('on-l4')).filter((node) => node === '').length;

    expect(await waiting()).toBe(0);
    await desired(1);

    await kube(['scale', 'deployment/on-l4', '-n', name, '--replicas=5']);
    await desired(3);
    expect(await waiting()).toBe(3);
    const scaled = ['wait', 'deployment/overflow', '-n', name, '--timeout=60s'];
    await kube([...scaled, '--for=jsonpath={.spec.replicas}=3']);

    // The pool grows, as Karpenter would make it.
    await kube(['apply', '-f', '-'], [2, 3, 4].map((index) => stringify(simulatedNode(index))).join('---\n'));
    await kube(['wait', 'pods', '-n', name, '-l', 'app=on-l4', '--for=condition=PodScheduled', '--timeout=120s']);
    expect([...(await nodesOf('on-l4'))].sort()).toEqual(['gpu-0', 'gpu-1', 'gpu-2', 'gpu-3', 'gpu-4']);
    await desired(1);
    await kube([...scaled, '--for=jsonpath={.spec.replicas}=1']);
  });

  it('leaves its nodes to itself', async () => {
    expect((await nodesOf('plain')).every((node) => node === 'keelson')).toBe(true);
  });
});
