import { describe, expect, it } from '@jest/globals';
import { at, objectsAt } from '../../constructs/bridge/manifest.ts';
import {
  Autoscaling,
  allMiniLmL6V2,
  type GpuPool,
  llama31With8B,
  ModelServer,
  type ModelServerProps,
  Prometheus,
  Size,
} from '../../constructs/index.ts';
import type { VllmRuntime } from '../../constructs/runtimes/vllm.ts';
import { type Bench, bench, containerOf, envOf, object, podOf, small, synthError } from '../support/manifests.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { podsOf, Reachability } from '../support/reachability.ts';

function server(more: Partial<ModelServerProps> = {}) {
  const on = bench();
  const image = on.images.get('model-all-minilm-l6-v2');
  const made = new ModelServer(on.namespace, 'inference', {
    images: on.images,
    resources: small,
    runtime: { kind: 'inference', maxQueue: 64 },
    models: [{ model: allMiniLmL6V2, source: { kind: 'image', image } }],
    cache: { kind: 'scratch', size: Size.mebibytes(200) },
    ...more,
  });
  return { ...on, made, image };
}

describe('ModelServer', () => {
  it('copies the model from its image to where the server looks for it', () => {
    const { synth, image } = server();
    const manifests = synth();
    expect(objectsAt(podOf(manifests, 'inference'), 'initContainers')).toMatchObject([
      {
        image: image.reference,
        command: ['cp', '-r', '/models/.', '/cache/'],
        volumeMounts: [{ name: 'models', mountPath: '/cache' }],
      },
    ]);
    expect(objectsAt(containerOf(manifests, 'inference'), 'volumeMounts')).toContainEqual({
      name: 'models',
      mountPath: '/models',
    });
    expect(envOf(manifests, 'inference')).toMatchObject({
      PORT: '8080',
      GRPC_PORT: '8081',
      MODEL_DIR: '/models',
      LOG_LEVEL: 'info',
      MAX_QUEUE: '64',
    });
  });

  it('keeps the weights with the pod or on a claim', () => {
    expect(object(server().synth(), 'Deployment', 'inference')).toBeDefined();
    const claimed = server({ cache: { kind: 'claim', size: Size.gibibytes(1), storageClass: 'fast' } }).synth();
    expect(objectsAt(object(claimed, 'StatefulSet', 'inference'), 'spec', 'volumeClaimTemplates')).toMatchObject([
      { metadata: { name: 'models' }, spec: { storageClassName: 'fast' } },
    ]);
  });

  it('asks for the three states of health', () => {
    expect(containerOf(server().synth(), 'inference')).toMatchObject({
      startupProbe: { httpGet: { path: '/health/startup', port: 8080 } },
      readinessProbe: { httpGet: { path: '/health/ready', port: 8080 } },
      livenessProbe: { httpGet: { path: '/health/live', port: 8080 } },
    });
  });

  it('refuses to serve nothing, or one model twice', () => {
    expect(synthError(server({ models: [] }).synth)).toMatch(/models is \[\]: name at least one model/);
    const { image } = server();
    const twice = { model: allMiniLmL6V2, source: { kind: 'image', image } } as const;
    expect(synthError(server({ models: [twice, twice] }).synth)).toMatch(
      /models\[1\] is "all-minilm-l6-v2": name each model once/,
    );
  });

  it('refuses weights that the memory cannot hold', () => {
    const { image } = server();
    const model = { ...allMiniLmL6V2, parameters: 1e9 };
    expect(synthError(server({ models: [{ model, source: { kind: 'image', image } }] }).synth)).toMatch(
      /resources\.memory\.limit is "256Mi": weights and cache alone take 3\.7 GiB: raise it/,
    );
  });

  it('shows a token, under the name of the secret that operations know', () => {
    const on = server({ name: 'model-server', port: 8080, auth: { token: 'Geheim1' } });
    const client = new ModelServer(on.namespace, 'client', {
      images: on.images,
      resources: small,
      name: 'client',
      runtime: { kind: 'inference' },
      models: [{ model: allMiniLmL6V2, source: { kind: 'image', image: on.image } }],
      cache: { kind: 'scratch', size: Size.mebibytes(200) },
    });
    on.connections.connect(client, on.made, 'http');
    const manifests = on.synth();
    expect(at(object(manifests, 'Secret', 'model-server-secret'), 'stringData')).toEqual({ 'auth-token': 'Geheim1' });
    expect(envOf(manifests, 'client')).toMatchObject({
      MODEL_SERVER_URL: 'http://model-server:8080',
      MODEL_SERVER_TOKEN: 'model-server-secret/auth-token',
    });
    expect(JSON.stringify(object(manifests, 'Deployment', 'model-server'))).not.toContain('Geheim1');
  });

  it('mounts one claim for all replicas, and claims that exist', () => {
    const models = [{ model: allMiniLmL6V2, source: { kind: 'claim', claim: 'weights' } }] as const;
    const manifests = server({
      models,
      cache: { kind: 'shared', size: Size.gibibytes(1), storageClass: 'efs' },
    }).synth();
    expect(at(object(manifests, 'PersistentVolumeClaim', 'inference-models'), 'spec')).toMatchObject({
      accessModes: ['ReadWriteMany'],
      storageClassName: 'efs',
    });
    expect(objectsAt(podOf(manifests, 'inference'), 'initContainers')).toEqual([]);
    expect(objectsAt(containerOf(manifests, 'inference'), 'volumeMounts')).toEqual(
      expect.arrayContaining([
        { name: 'models', mountPath: '/models' },
        { name: 'claim-weights', mountPath: '/models/all-minilm-l6-v2', subPath: 'all-minilm-l6-v2', readOnly: true },
      ]),
    );
  });
});

describe('ModelServer on a GPU', () => {
  const pool: GpuPool = { name: 'l4', gpu: 'l4', gpusPerNode: 4, maxNodes: 1 };
  const s3 = {
    kind: 's3',
    bucket: 'models',
    region: 'eu-central-1',
    access: { kind: 'role' },
    at: { cidr: '52.219.0.0/16' },
  } as const;

  function llm(more: Partial<ModelServerProps> = {}, runtime: Partial<VllmRuntime> = {}, count = 1) {
    return server({
      name: 'model-server',
      runtime: { kind: 'vllm', contextLength: 8192, ...runtime },
      variant: { kind: 'gpu', type: 'l4', count, pool },
      models: [{ model: llama31With8B, source: s3 }],
      cache: { kind: 'scratch', size: Size.gibibytes(20) },
      ...more,
    });
  }

  it('goes where its GPUs are, asks for them, and meets the restricted standard', () => {
    const manifests = llm().synth();
    const pod = podOf(manifests, 'model-server');
    expect(restrictedViolations(pod)).toEqual([]);
    expect(pod).toMatchObject({
      runtimeClassName: 'nvidia',
      nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    });
    const { resources } = containerOf(manifests, 'model-server');
    expect(at(resources, 'limits', 'nvidia.com/gpu')).toBe(1);
    expect(at(resources, 'requests', 'nvidia.com/gpu')).toBe(1);
    for (const init of objectsAt(pod, 'initContainers')) expect(JSON.stringify(init)).not.toContain('nvidia');
  });

  it('counts weights, cache and the server against the memory of the GPU', () => {
    // 15.0 GiB of weights, 1 GiB for 8192 tokens and 2 GiB besides fit 20.2; 32768 tokens do not.
    expect(() => llm().synth()).not.toThrow();
    expect(synthError(llm({}, { contextLength: 32_768 }).synth)).toMatch(
      /variant is "1 of l4, 20\.2 GiB usable": the models take 21\.0 GiB \(weights 15\.0 GiB in bf16, cache 4\.0 GiB for 1 of 32768 tokens, server 2\.0 GiB\): use more/,
    );
    expect(() => llm({}, { contextLength: 32_768, quantization: 'fp8' }).synth()).not.toThrow();
    expect(() => llm({}, { contextLength: 32_768 }, 2).synth()).not.toThrow();
  });

  it('counts all servers against the pool', () => {
    const on = llm({ replicas: 3 });
    expect(() => on.synth()).not.toThrow();
    new ModelServer(on.namespace, 'second', {
      images: on.images,
      resources: small,
      name: 'second',
      runtime: { kind: 'vllm', contextLength: 8192 },
      variant: { kind: 'gpu', type: 'l4', count: 2, pool },
      models: [{ model: llama31With8B, source: s3 }],
      cache: { kind: 'scratch', size: Size.gibibytes(20) },
    });
    expect(synthError(on.synth)).toMatch(
      /pools\.l4 is "1 nodes of 4": \[test\/namespace\/inference\] finds room for 2 of 3 pods with 1 each, and all together ask for 5: raise maxNodes/,
    );
  });

  it('counts as many pods as an autoscaler may ask for', () => {
    const on = llm();
    new Autoscaling(on.namespace, 'scaling', {
      target: on.made,
      min: 1,
      max: 5,
      metrics: [{ kind: 'cpu', percent: 70 }],
    });
    expect(synthError(on.synth)).toMatch(/finds room for 4 of 5 pods/);
  });

  it('fetches its weights with rclone, over the way that is open for that alone', () => {
    const manifests = llm().synth();
    expect(objectsAt(podOf(manifests, 'model-server'), 'initContainers')).toMatchObject([
      {
        name: 'model-llama-3-1-8b-instruct',
        command: ['rclone', 'copy', 'store:models', '/cache/llama-3.1-8b-instruct', '--transfers=8', '--retries=5'],
      },
    ]);
    const [pod] = podsOf(manifests);
    if (!pod) throw new Error('the pod is missing');
    const reach = new Reachability(manifests);
    expect(reach.allowsAddress(pod, '52.219.1.1', 443, 'TCP')).toBe(true);
    expect(reach.allowsAddress(pod, '93.184.216.34', 443, 'TCP')).toBe(false);
  });

  it('fetches adapters beside the model, and names them', () => {
    const manifests = llm({}, { adapters: [{ name: 'legal', rank: 16, source: { ...s3, prefix: 'legal' } }] }).synth();
    expect(objectsAt(podOf(manifests, 'model-server'), 'initContainers').map(({ name }) => name)).toEqual([
      'model-llama-3-1-8b-instruct',
      'model-legal',
    ]);
    expect(containerOf(manifests, 'model-server').args).toEqual(
      expect.arrayContaining(['--enable-lora', '--max-lora-rank=16', '--lora-modules', 'legal=/models/legal']),
    );
  });

  it('lays one copy of a model over several nodes, whose parts talk to each other alone', () => {
    const wide: GpuPool = { ...pool, name: 'wide', maxNodes: 2 };
    const on = llm(
      { group: { size: 2 }, variant: { kind: 'gpu', type: 'l4', count: 4, pool: wide } },
      { tensorParallel: 4 },
    );
    const manifests = on.synth();
    const set = object(manifests, 'LeaderWorkerSet', 'model-server');
    const spec = at(set, 'spec', 'leaderWorkerTemplate');
    expect(at(spec, 'size')).toBe(2);
    const [leader] = objectsAt(spec, 'leaderTemplate', 'spec', 'containers');
    const [worker] = objectsAt(spec, 'workerTemplate', 'spec', 'containers');
    expect(leader?.args).toEqual(expect.arrayContaining(['--pipeline-parallel-size=2', '--tensor-parallel-size=4']));
    expect(leader).toHaveProperty('readinessProbe');
    expect(worker?.args).toEqual([...((leader?.args ?? []) as string[]), '--headless']); // arguments are strings
    expect(worker).not.toHaveProperty('readinessProbe');
    expect(at(object(manifests, 'Service', 'model-server'), 'spec', 'selector')).toEqual({
      app: 'model-server',
      'leaderworkerset.sigs.k8s.io/worker-index': '0',
    });
    expect(objectsAt(object(manifests, 'NetworkPolicy', 'model-server'), 'spec', 'ingress')).toContainEqual({
      from: [{ podSelector: { matchLabels: { app: 'model-server' } } }],
      ports: [{ port: 1024, endPort: 65535, protocol: 'TCP' }],
    });
    expect(manifests.map(({ kind }) => kind)).not.toContain('Deployment');
  });

  it('follows the requests that wait, also those that wait for its first replica', () => {
    const on = llm();
    const prometheus = new Prometheus(on.namespace, 'prometheus', {
      images: on.images,
      resources: small,
      storage: { size: Size.gibibytes(1) },
      targets: [on.made],
      connections: on.connections,
    });
    expect(on.made.queueDepth({ server: prometheus, perReplica: 8, demand: 'sum(waiting)' })).toEqual({
      kind: 'prometheus',
      server: prometheus,
      query: '(sum(vllm:num_requests_waiting{job="model-server"}) or vector(0)) + (sum(waiting) or vector(0))',
      threshold: 8,
    });
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'a context that the model never saw',
      () => llm({}, { contextLength: 200_000 }),
      /contextLength is 200000: .*131072/,
    ],
    ['GPUs that would idle', () => llm({}, { tensorParallel: 1 }, 2), /tensorParallel is 1: the pod has 2 GPUs/],
    ['heads that do not share out', () => llm({}, {}, 3), /tensorParallel is 3: the 8 heads .* power of two/],
    [
      'two things that one service account should say',
      () => {
        const said = (value: string) => ({ kind: 'role', accountAnnotations: { may: value } }) as const;
        return llm({
          models: ['a', 'b'].map((name) => ({
            model: { ...llama31With8B, name },
            source: { ...s3, access: said(name) },
          })),
        });
      },
      /models\[1\]\.source\.access\.accountAnnotations\["may"\] is "b": another model sets it to "a"/,
    ],
    [
      'a name twice',
      () => llm({}, { adapters: [{ name: 'llama-3.1-8b-instruct', rank: 8, source: s3 }] }),
      /is taken already/,
    ],
    ['a group of one', () => llm({ group: { size: 1 } }), /group\.size is 1: use a whole number, 2 or more/],
    [
      'a group without vllm',
      () => llm({ group: { size: 2 }, runtime: { kind: 'triton' } }),
      /group is "triton": only vllm/,
    ],
    ['the CPU server on a GPU', () => llm({ runtime: { kind: 'inference' } }), /computes on the CPU: use tei/],
    [
      'a branch in place of a commit',
      () =>
        llm({
          models: [{ model: llama31With8B, source: { kind: 'hub', repository: 'a/b', revision: 'main', at: s3.at } }],
        }),
      /models\[0\]\.source\.revision is "main": name the commit/,
    ],
    [
      'a library that only Ollama reads',
      () => llm({ models: [{ model: llama31With8B, source: { kind: 'ollama', model: 'llama3.1:8b', at: s3.at } }] }),
      /models\[0\]\.source\.kind is "ollama": only ollama reads/,
    ],
  ])('refuses %s', (_, make, message) => {
    expect(synthError(() => (make() as Bench).synth())).toMatch(message); // each makes a bench
  });
});
