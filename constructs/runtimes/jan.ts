import { Duration } from 'cdk8s';
import type { CachePrecision, Precision } from '../model-memory.ts';
import { probes } from '../probes.ts';
import { oneModel, type RuntimeContext, type RuntimePlan } from './runtime.ts';

/**
 * Jan: its command line serves one model in GGUF form through llama.cpp, whose settings it hands on. Flags are those of `jan serve --help`
 * (0.8.4), variables those of llama.cpp's server (2026-11). Nobody publishes an image of it, so the team builds one.
 */
export interface JanRuntime {
  readonly kind: 'jan';
  /** The file within the model's folder, ending in `.gguf`. */
  readonly file: string;
  /** Form of the weights in the file, for the check of memory. @default 'int4' */
  readonly quantization?: 'int4' | 'int8' | 'fp16';
  /** Longest conversation, in tokens. @default 8192 */
  readonly contextLength?: number;
  /** Conversations that are written at the same time. They share the context. @default 1 */
  readonly parallel?: number;
  /** Form of the cache of keys and values. @default 'fp16' */
  readonly cache?: CachePrecision;
}

const cacheTypes: Readonly<Record<CachePrecision, string>> = { fp16: 'f16', fp8: 'q8_0', int4: 'q4_0' };

/** What Jan asks of the workload. */
export function jan(runtime: JanRuntime, context: RuntimeContext): RuntimePlan {
  const { reference, version } = context.images.get('jan');
  const number = context.port ?? 1337;
  const contextLength = runtime.contextLength ?? 8192;
  const name = context.models[0]?.model.name ?? '';
  return {
    name: 'jan',
    image: reference,
    version,
    command: ['jan', 'serve', name],
    args: [
      `--model-path=${context.folder}/${name}/${runtime.file}`,
      `--port=${number}`,
      `--ctx-size=${contextLength}`,
      // -1 puts all layers on the GPU.
      `--n-gpu-layers=${context.devices === undefined ? 0 : -1}`,
      '--verbose',
    ],
    ports: { http: { number, metrics: '/metrics' } },
    env: {
      HOME: '/tmp',
      LLAMA_ARG_HOST: '0.0.0.0',
      LLAMA_ARG_ENDPOINT_METRICS: '1',
      LLAMA_ARG_N_PARALLEL: String(runtime.parallel ?? 1),
      LLAMA_ARG_CACHE_TYPE_K: cacheTypes[runtime.cache ?? 'fp16'],
      LLAMA_ARG_CACHE_TYPE_V: cacheTypes[runtime.cache ?? 'fp16'],
      ...(context.token && { LLAMA_API_KEY: context.token }),
    },
    probes: probes({
      ready: { http: '/health', port: number },
      live: { tcp: number },
      startWithin: Duration.minutes(15),
    }),
    waiting: 'llamacpp:requests_deferred',
    precision: (runtime.quantization ?? 'int4') satisfies Precision,
    cache: runtime.cache ?? 'fp16',
    context: contextLength,
    sequences: 1,
    memoryShare: 1,
    overhead: 1024,
    problems: [
      ...oneModel('jan', context),
      ...(runtime.file.endsWith('.gguf')
        ? []
        : [{ path: 'runtime.file', value: runtime.file, cure: 'name a file that ends in .gguf' }]),
    ],
  };
}
