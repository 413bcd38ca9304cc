import { Duration, Size } from 'cdk8s';
import type { Precision } from '../model-memory.ts';
import { probes } from '../probes.ts';
import type { Problem } from '../problem.ts';
import { oneModel, type RuntimeContext, type RuntimePlan } from './runtime.ts';

/** Text Embeddings Inference: embedding models and rerankers. Flags are those of TEI 1.9 (its `--help`, 2026-11). */
export interface TeiRuntime {
  readonly kind: 'tei';
  /** Form in which the weights are held. @default - `float32` on a CPU, `float16` on a GPU */
  readonly dtype?: 'float32' | 'float16';
  /** Tokens in one batch at most. @default 16384 */
  readonly maxBatchTokens?: number;
  /** Requests that it takes at the same time; more are refused with 429. @default 512 */
  readonly maxConcurrentRequests?: number;
  /** Texts in one request at most. @default 32 */
  readonly maxTexts?: number;
  /** Cuts texts that are too long, in place of refusing them. @default false */
  readonly truncate?: boolean;
  /** How the vectors of the tokens become one. @default - as the model says */
  readonly pooling?: 'cls' | 'mean' | 'last-token' | 'splade';
}

/** What TEI asks of the workload. */
export function tei(runtime: TeiRuntime, context: RuntimeContext): RuntimePlan {
  const onGpu = context.devices !== undefined;
  const { reference, version } = context.images.get(onGpu ? 'tei' : 'tei-cpu');
  const number = context.port ?? 8080;
  const name = context.models[0]?.model.name ?? '';
  const dtype = runtime.dtype ?? (onGpu ? 'float16' : 'float32');
  const maxBatchTokens = runtime.maxBatchTokens ?? 16384;
  return {
    name: 'tei',
    image: reference,
    version,
    // The entry point of the image for GPUs picks the program that was built for the GPU it finds.
    args: [
      `--model-id=${context.folder}/${name}`,
      `--served-model-name=${name}`,
      '--hostname=0.0.0.0',
      `--port=${number}`,
      `--dtype=${dtype}`,
      `--max-batch-tokens=${maxBatchTokens}`,
      `--max-concurrent-requests=${runtime.maxConcurrentRequests ?? 512}`,
      `--max-client-batch-size=${runtime.maxTexts ?? 32}`,
      ...(runtime.truncate ? ['--auto-truncate'] : []),
      ...(runtime.pooling === undefined ? [] : [`--pooling=${runtime.pooling}`]),
      '--json-output',
    ],
    ports: { http: { number, metrics: '/metrics' } },
    env: {
      HOME: '/tmp',
      HUGGINGFACE_HUB_CACHE: '/tmp',
      HF_HUB_OFFLINE: '1',
      ...(context.token && { API_KEY: context.token }),
    },
    probes: probes({
      ready: { http: '/health', port: number },
      live: { tcp: number },
      startWithin: Duration.minutes(10),
    }),
    ...(onGpu && { scratch: [{ name: 'cache', path: '/cache', size: Size.gibibytes(1) }] }),
    waiting: 'te_queue_size',
    precision: (dtype === 'float16' ? 'fp16' : 'fp32') satisfies Precision,
    context: 0,
    sequences: 0,
    memoryShare: 1,
    // An estimate: the context of CUDA, and activations that grow with the batch.
    overhead: 512 + maxBatchTokens / 10,
    problems: [...oneModel('tei', context), ...check(runtime, context)],
  };
}

function check({ maxBatchTokens = 16384 }: TeiRuntime, { models }: RuntimeContext): readonly Problem[] {
  return models.flatMap(({ model }, index): readonly Problem[] => {
    if (model.kind === 'language' || model.kind === 'other') {
      const cure = 'tei serves embedding models and rerankers: use vllm, ollama or triton for it';
      return [{ path: `models[${index}]`, value: model.name, cure }];
    }
    if (model.maxTokens <= maxBatchTokens) return [];
    const cure = `"${model.name}" reads texts of ${model.maxTokens} tokens, which no batch would hold: raise it to that`;
    return [{ path: 'runtime.maxBatchTokens', value: maxBatchTokens, cure }];
  });
}
