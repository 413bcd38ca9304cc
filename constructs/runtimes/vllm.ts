import { Duration, Size } from 'cdk8s';
import type { EnvValue } from 'cdk8s-plus-28';
import type { CachePrecision, Precision } from '../model-memory.ts';
import type { ModelSource } from '../model-source.ts';
import { probes } from '../probes.ts';
import type { Problem } from '../problem.ts';
import { oneModel, type RuntimeContext, type RuntimePlan, sharedMemory } from './runtime.ts';

/** An adapter: small matrices that turn the model into one for a task. Clients ask for it by its name, in place of the model's. */
export interface LoraAdapter {
  readonly name: string;
  readonly source: ModelSource;
  /** Rank of its matrices (`r` in its `adapter_config.json`). */
  readonly rank: 8 | 16 | 32 | 64 | 128 | 256;
}

/** vLLM: language models with continuous batching. Flags are those of vLLM 0.30 (docs.vllm.ai, 2026-11). */
export interface VllmRuntime {
  readonly kind: 'vllm';
  /** Form in which the weights were stored, or are turned into at load (`fp8`). @default - bfloat16 */
  readonly quantization?: 'awq' | 'gptq' | 'fp8' | 'bitsandbytes';
  /** Longest conversation, in tokens. @default - the model's own, which may take more cache than there is memory */
  readonly contextLength?: number;
  /** Conversations that are written at the same time. @default 256 */
  readonly maxSequences?: number;
  /** Tokens that one step computes at most: higher reads long prompts faster, lower writes more evenly. @default - the server's own */
  readonly maxBatchTokens?: number;
  /** Form of the cache of keys and values. @default 'fp16' */
  readonly cache?: 'fp16' | 'fp8';
  /** Share of the GPU's memory that it takes, 0 to 1. @default 0.9 */
  readonly memoryShare?: number;
  /** GPUs that share each layer. They have to be on one node: use `nodes` of the model server for more. @default - the pod's GPUs */
  readonly tensorParallel?: number;
  /** @default - none */
  readonly adapters?: readonly LoraAdapter[];
  /** Adapters that are in GPU memory at the same time. @default - all of them */
  readonly maxLoadedAdapters?: number;
  /** What many prompts begin with is computed once. @default true */
  readonly prefixCaching?: boolean;
}

const defaultMemoryShare = 0.9;
const cacheFolder = '/cache';

/** What vLLM asks of the workload. */
export function vllm(runtime: VllmRuntime, context: RuntimeContext): RuntimePlan {
  const onGpu = context.devices !== undefined;
  const { reference, version } = context.images.get(onGpu ? 'vllm' : 'vllm-cpu');
  const number = context.port ?? 8000;
  const model = context.models[0]?.model;
  const contextLength = runtime.contextLength ?? (model?.kind === 'language' ? model.maxTokens : 8192);
  const parallel = runtime.tensorParallel ?? context.devices ?? 1;
  const cache: CachePrecision = runtime.cache ?? 'fp16';
  return {
    name: 'vllm',
    image: reference,
    version,
    command: ['vllm', 'serve', `${context.folder}/${model?.name ?? ''}`],
    args: [
      `--served-model-name=${model?.name ?? ''}`,
      '--host=0.0.0.0',
      `--port=${number}`,
      `--max-model-len=${contextLength}`,
      `--max-num-seqs=${runtime.maxSequences ?? 256}`,
      ...(runtime.maxBatchTokens === undefined ? [] : [`--max-num-batched-tokens=${runtime.maxBatchTokens}`]),
      ...(runtime.quantization === undefined ? [] : [`--quantization=${runtime.quantization}`]),
      ...(cache === 'fp8' ? ['--kv-cache-dtype=fp8'] : []),
      ...(onGpu ? [`--gpu-memory-utilization=${runtime.memoryShare ?? defaultMemoryShare}`] : []),
      `--tensor-parallel-size=${parallel}`,
      ...severalNodes(context),
      ...(runtime.prefixCaching === false ? ['--no-enable-prefix-caching'] : ['--enable-prefix-caching']),
      ...adapterArguments(runtime, context.folder),
      // What people ask is in the request log otherwise.
      '--no-enable-log-requests',
    ],
    ports: { http: { number, metrics: '/metrics' } },
    env: environment(context),
    probes: probes({
      // It answers as soon as the weights are loaded and the kernels compiled, and no longer when the engine has died.
      ready: { http: '/health', port: number },
      // The server ends by itself when its engine dies.
      live: { tcp: number },
      startWithin: Duration.minutes(30),
    }),
    scratch: [
      { name: 'cache', path: cacheFolder, size: Size.gibibytes(20) },
      sharedMemory(Size.gibibytes(parallel > 1 || context.nodes > 1 ? 16 : 2)),
    ],
    // Sockets between its processes, and what kernels are compiled from.
    tmpSize: Size.gibibytes(1),
    waiting: 'vllm:num_requests_waiting',
    precision: precisionOf(runtime.quantization),
    cache,
    context: contextLength,
    // One conversation of full length must fit, or the server refuses to start; more of them wait for each other.
    sequences: 1,
    memoryShare: runtime.memoryShare ?? defaultMemoryShare,
    // Activations of a step and compiled graphs: what its own profiling run leaves for the cache on models of 7 to 70 billion weights.
    overhead: 2048,
    problems: [...oneModel('vllm', context), ...check(runtime, context, parallel, contextLength)],
  };
}

function precisionOf(quantization: VllmRuntime['quantization']): Precision {
  switch (quantization) {
    case undefined:
      return 'bf16';
    case 'fp8':
      return 'fp8';
    case 'awq':
    case 'gptq':
    case 'bitsandbytes':
      return 'int4';
  }
}

/** Each node holds some of the layers. The variables are those of LeaderWorkerSet. */
function severalNodes({ nodes }: RuntimeContext): readonly string[] {
  if (nodes === 1) return [];
  return [
    `--pipeline-parallel-size=${nodes}`,
    '--distributed-executor-backend=mp',
    '--nnodes=$(LWS_GROUP_SIZE)',
    '--node-rank=$(LWS_WORKER_INDEX)',
    '--master-addr=$(LWS_LEADER_ADDRESS)',
  ];
}

/** Adapters lie beside the model. */
function adapterArguments({ adapters = [], maxLoadedAdapters }: VllmRuntime, folder: string): readonly string[] {
  if (adapters.length === 0) return [];
  return [
    '--enable-lora',
    `--max-loras=${maxLoadedAdapters ?? adapters.length}`,
    `--max-lora-rank=${Math.max(...adapters.map(({ rank }) => rank))}`,
    '--lora-modules',
    ...adapters.map(({ name }) => `${name}=${folder}/${name}`),
  ];
}

function environment({ token, nodes, devices }: RuntimeContext): Record<string, string | EnvValue> {
  return {
    // The user has no entry in the image's list of users, and libraries ask for a name and a home.
    HOME: '/tmp',
    USER: 'keelson',
    XDG_CACHE_HOME: cacheFolder,
    VLLM_CACHE_ROOT: `${cacheFolder}/vllm`,
    TORCHINDUCTOR_CACHE_DIR: `${cacheFolder}/inductor`,
    TRITON_CACHE_DIR: `${cacheFolder}/triton`,
    // The weights are there before it starts, so nothing is fetched and nothing is told to anybody.
    HF_HUB_OFFLINE: '1',
    VLLM_NO_USAGE_STATS: '1',
    ...(token && { VLLM_API_KEY: token }),
    ...(devices === undefined && { VLLM_CPU_KVCACHE_SPACE: '4' }),
    // Peers of other nodes are reached over the pod's own interface.
    ...(nodes > 1 && { NCCL_SOCKET_IFNAME: 'eth0', GLOO_SOCKET_IFNAME: 'eth0' }),
  };
}

function check(runtime: VllmRuntime, { models, devices }: RuntimeContext, parallel: number, contextLength: number) {
  const problems: Problem[] = [];
  const model = models[0]?.model;
  if (model?.kind === 'language') {
    if (contextLength > model.maxTokens) {
      problems.push({
        path: 'runtime.contextLength',
        value: contextLength,
        cure: `"${model.name}" was trained for ${model.maxTokens}: lower it to that`,
      });
    }
    if (model.keyValueHeads % parallel !== 0 && parallel % model.keyValueHeads !== 0) {
      problems.push({
        path: 'runtime.tensorParallel',
        value: parallel,
        cure: `the ${model.keyValueHeads} heads of "${model.name}" do not share out over it: use a power of two`,
      });
    }
  }
  if (devices !== undefined && parallel !== devices) {
    problems.push({
      path: 'runtime.tensorParallel',
      value: parallel,
      cure: `the pod has ${devices} GPUs: ask for as many as there are, the others would idle`,
    });
  }
  for (const [index, { name }] of (runtime.adapters ?? []).entries()) {
    const taken = [model?.name, ...(runtime.adapters ?? []).slice(0, index).map((adapter) => adapter.name)];
    if (taken.includes(name)) {
      problems.push({
        path: `runtime.adapters[${index}].name`,
        value: name,
        cure: 'it is taken already: use another name',
      });
    }
  }
  const share = runtime.memoryShare;
  if (share !== undefined && !(share > 0 && share <= 1)) {
    problems.push({ path: 'runtime.memoryShare', value: share, cure: 'use a share above 0 and up to 1' });
  }
  return problems;
}
