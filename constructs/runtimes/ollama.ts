import { Duration } from 'cdk8s';
import type { CachePrecision, Precision } from '../model-memory.ts';
import { probes } from '../probes.ts';
import type { RuntimeContext, RuntimePlan } from './runtime.ts';

/** Ollama: quantised language models, on a CPU as well. Variables are those of `ollama serve --help` (0.13, 2026-11). */
export interface OllamaRuntime {
  readonly kind: 'ollama';
  /** Form of the weights in the model's tag, for the check of memory. @default 'int4' */
  readonly quantization?: 'int4' | 'int8' | 'fp16';
  /** Longest conversation, in tokens. @default 4096 */
  readonly contextLength?: number;
  /** Conversations that are written at the same time, each with a context of its own. @default 1 */
  readonly parallel?: number;
  /** Models that are in memory at the same time. @default - all that it serves */
  readonly maxLoadedModels?: number;
  /** Requests that wait at most; more are refused with 503. @default 512 */
  readonly maxQueue?: number;
  /** Form of the cache of keys and values. @default 'fp16' */
  readonly cache?: CachePrecision;
  /** How long a model stays in memory without a request. @default - for ever */
  readonly keepAlive?: Duration;
}

const cacheTypes: Readonly<Record<CachePrecision, string>> = { fp16: 'f16', fp8: 'q8_0', int4: 'q4_0' };

/** What Ollama asks of the workload. */
export function ollama(runtime: OllamaRuntime, context: RuntimeContext): RuntimePlan {
  const { reference, version } = context.images.get('ollama');
  const number = context.port ?? 11434;
  const contextLength = runtime.contextLength ?? 4096;
  const parallel = runtime.parallel ?? 1;
  return {
    name: 'ollama',
    image: reference,
    version,
    command: ['ollama', 'serve'],
    ports: { http: { number } },
    env: {
      OLLAMA_HOST: `0.0.0.0:${number}`,
      OLLAMA_MODELS: context.folder,
      OLLAMA_CONTEXT_LENGTH: String(contextLength),
      OLLAMA_NUM_PARALLEL: String(parallel),
      OLLAMA_MAX_LOADED_MODELS: String(runtime.maxLoadedModels ?? Math.max(1, context.models.length)),
      OLLAMA_MAX_QUEUE: String(runtime.maxQueue ?? 512),
      OLLAMA_KV_CACHE_TYPE: cacheTypes[runtime.cache ?? 'fp16'],
      // The quantised forms of the cache need it.
      OLLAMA_FLASH_ATTENTION: '1',
      OLLAMA_KEEP_ALIVE: runtime.keepAlive === undefined ? '-1' : `${runtime.keepAlive.toSeconds()}s`,
      OLLAMA_DEBUG: context.logLevel === 'debug' ? '1' : '0',
      HOME: '/tmp',
    },
    probes: probes({
      ready: { http: '/api/tags', port: number },
      live: { http: '/', port: number },
      startWithin: Duration.minutes(10),
    }),
    precision: (runtime.quantization ?? 'int4') satisfies Precision,
    cache: runtime.cache ?? 'fp16',
    context: contextLength,
    sequences: parallel,
    memoryShare: 1,
    overhead: 1024,
    problems: context.token
      ? [
          {
            path: 'auth',
            value: 'token',
            cure: 'Ollama asks for none: put the gateway in front, and connect only that',
          },
        ]
      : [],
  };
}
