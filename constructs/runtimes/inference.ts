import { Duration, type Size, SizeRoundingBehavior } from 'cdk8s';
import { probes } from '../probes.ts';
import type { RuntimeContext, RuntimePlan } from './runtime.ts';

/** The project's own server on ONNX Runtime. */
export interface InferenceRuntime {
  readonly kind: 'inference';
  /** Requests that wait at most; more are refused with 429. @default - the server's own */
  readonly maxQueue?: number;
  /** Tokens in one batch at most. @default - the server's own */
  readonly maxBatchTokens?: number;
  /** `int8` quantises the weights when the model is loaded, where the server can. @default - as the weights are */
  readonly quantization?: 'int8';
  /** Port of the gRPC service. @default 8081 */
  readonly grpcPort?: number;
  /** Memory in which results are kept for texts that come again. @default - none are kept */
  readonly resultCache?: Size;
  /** Refuses models without a manifest of checksums. @default false */
  readonly requireChecksums?: boolean;
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
    problems:
      context.devices === undefined
        ? []
        : [
            {
              path: 'variant',
              value: 'gpu',
              cure: 'the project’s own server computes on the CPU: use tei, vllm or triton for a GPU',
            },
          ],
  };
}
