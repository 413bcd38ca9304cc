import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { App, Chart } from 'cdk8s';
import { stringify } from 'yaml';
import {
  Cpu,
  type GpuPool,
  Images,
  ModelServer,
  Namespace,
  probes,
  qwen25With7B,
  Size,
  Workload,
} from '../../constructs/index.ts';
import { kube, start } from './support/platform.ts';

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
  new Workload(namespace, 'plain', {
    name: 'plain',
    component: 'test',
    kind: 'Deployment',
    image: { reference: 'registry.example/plain:1.0.0', version: '1.0.0' },
    ports: { http: { number: 8000 } },
    resources: { cpu: { request: Cpu.millis(1) }, memory: { request: Size.mebibytes(1), limit: Size.mebibytes(8) } },
    probes: probes({ ready: { tcp: 8000 }, live: { tcp: 8000 } }),
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

  it('leaves its nodes to itself', async () => {
    expect((await nodesOf('plain')).every((node) => node === 'keelson')).toBe(true);
  });
});
