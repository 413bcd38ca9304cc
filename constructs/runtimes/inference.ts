import { Duration, type Size, SizeRoundingBehavior } from 'cdk8s';
import { probes } from '../probes.ts';
import type { Problem } from '../problem.ts';
import type { RuntimeContext, RuntimePlan } from './runtime.ts';

/** The project's own server on ONNX Runtime. */
export interface InferenceRuntime {
  readonly kind: 'inference';
  /** Texts that wait at most, over all models; more are refused with 429. @default 4096 */
  readonly maxQueue?: number;
  /** Tokens in one batch at most. @default 1024 */
  readonly maxBatchTokens?: number;
  /** `int8` quantises the weights when the model is loaded, where the server can. @default - as the weights are */
  readonly quantization?: 'int8';
  /** Port of the gRPC service. @default 8081 */
  readonly grpcPort?: number;
  /** Memory in which results are kept for texts that come again. @default - none are kept */
  readonly resultCache?: Size;
  /** Refuses models without a manifest of checksums. @default false */
  readonly requireChecksums?: boolean;
  /** Cores that compute. Without a CPU limit the server sees all of its node's. @default - the CPU limit rounded up, or the node's cores */
  readonly threads?: number;
  /** What is loaded at the start, as `<name>` or `<name>:<version>`. @default - all that is there */
  readonly loadModels?: readonly string[];
  /** Whether requests may load and unload models: false where only a deployment changes them. @default true */
  readonly repositoryApi?: boolean;
  /** Longest that a request may wait and be computed, in whole seconds. @default Duration.seconds(30) */
  readonly requestTimeout?: Duration;
  /** Largest request, after decompression. @default Size.mebibytes(8) */
  readonly maxBody?: Size;
  /** Shares of the requests that name no version, by model and version. @default - the newest version answers them all */
  readonly weights?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** What the project's own server asks of the workload. */
export function inference(runtime: InferenceRuntime, context: RuntimeContext): RuntimePlan {
  const { reference, version } = context.images.get('inference');
  const number = context.port ?? 8080;
  const grpc = runtime.grpcPort ?? 8081;
  return {
    name: 'inference',
    image: reference,
    version,
    ports: { http: { number, metrics: '/metrics' }, grpc: { number: grpc, scheme: 'grpc' } },
    env: {
      PORT: String(number),
      GRPC_PORT: String(grpc),
      MODEL_DIR: context.folder,
      LOG_LEVEL: context.logLevel,
      ...(runtime.maxQueue !== undefined && { MAX_QUEUE: String(runtime.maxQueue) }),
      ...(runtime.maxBatchTokens !== undefined && { MAX_BATCH_TOKENS: String(runtime.maxBatchTokens) }),
      ...(runtime.quantization !== undefined && { QUANTIZATION: runtime.quantization }),
      ...(runtime.resultCache && { RESULT_CACHE_BYTES: String(runtime.resultCache.toKibibytes() * 1024) }),
      ...(runtime.requireChecksums !== undefined && { REQUIRE_CHECKSUMS: String(runtime.requireChecksums) }),
      ...(runtime.threads !== undefined && { THREADS: String(runtime.threads) }),
      ...(runtime.loadModels && { LOAD_MODELS: runtime.loadModels.join(',') || 'none' }),
      ...(runtime.repositoryApi !== undefined && { REPOSITORY_API: String(runtime.repositoryApi) }),
      ...(runtime.requestTimeout && { REQUEST_TIMEOUT_SECONDS: String(runtime.requestTimeout.toSeconds()) }),
      ...(runtime.maxBody && { MAX_BODY_BYTES: String(runtime.maxBody.toKibibytes() * 1024) }),
      ...(runtime.weights && { MODEL_WEIGHTS: JSON.stringify(runtime.weights) }),
      ...(context.token && { AUTH_TOKEN: context.token }),
    },
    probes: probes({
      started: { http: '/health/startup', port: number },
      ready: { http: '/health/ready', port: number },
      live: { http: '/health/live', port: number },
      startWithin: Duration.minutes(10),
    }),
    waiting: 'model_queue_depth',
    precision: runtime.quantization === 'int8' ? 'int8' : 'fp32',
    context: runtime.maxBatchTokens ?? 1024,
    sequences: 1,
    memoryShare: 1,
    overhead: 512 + Math.ceil(runtime.resultCache?.toMebibytes({ rounding: SizeRoundingBehavior.NONE }) ?? 0),
    problems: check(runtime, context),
  };
}

function check(
  { threads, maxQueue, maxBatchTokens }: InferenceRuntime,
  { devices }: RuntimeContext,
): readonly Problem[] {
  const problems: Problem[] = [];
  if (devices !== undefined) {
    const cure = 'the project’s own server computes on the CPU: use tei, vllm or triton for a GPU';
    problems.push({ path: 'variant', value: 'gpu', cure });
  }
  for (const [name, value] of Object.entries({ threads, maxQueue, maxBatchTokens })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0)) {
      problems.push({ path: `runtime.${name}`, value, cure: 'use a whole number above 0' });
    }
  }
  return problems;
}
