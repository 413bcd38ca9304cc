import { Duration, Size } from 'cdk8s';
import type { Precision } from '../model-memory.ts';
import { probes } from '../probes.ts';
import { type RuntimeContext, type RuntimePlan, sharedMemory } from './runtime.ts';

/** NVIDIA Triton: a repository of models of many formats. Flags are those of its user guide (release 25.06, 2026-11). */
export interface TritonRuntime {
  readonly kind: 'triton';
  /** Form of the weights, for the check of memory. Batching and instances stand in the `config.pbtxt` of each model. @default 'fp16' */
  readonly precision?: Precision;
  /** `explicit` loads what `models` names; `poll` also loads what appears in the folder later. @default 'explicit' */
  readonly control?: 'explicit' | 'poll';
  /** Memory that every GPU keeps ready for tensors. @default Size.mebibytes(64) */
  readonly pool?: Size;
  /** Port of the gRPC service. @default 8001 */
  readonly grpcPort?: number;
}

/** What Triton asks of the workload. */
export function triton(runtime: TritonRuntime, context: RuntimeContext): RuntimePlan {
  const { reference, version } = context.images.get('triton');
  const number = context.port ?? 8000;
  const grpc = runtime.grpcPort ?? 8001;
  const metrics = 8002;
  const pool = runtime.pool ?? Size.mebibytes(64);
  const devices = Array.from({ length: context.devices ?? 0 }, (_, device) => device);
  return {
    name: 'triton',
    image: reference,
    version,
    command: ['tritonserver'],
    args: [
      `--model-repository=${context.folder}`,
      ...((runtime.control ?? 'explicit') === 'explicit'
        ? ['--model-control-mode=explicit', ...context.models.map(({ model }) => `--load-model=${model.name}`)]
        : ['--model-control-mode=poll']),
      `--http-port=${number}`,
      `--grpc-port=${grpc}`,
      `--metrics-port=${metrics}`,
      ...devices.map((device) => `--cuda-memory-pool-byte-size=${device}:${pool.toKibibytes() * 1024}`),
      // A model that does not load makes the pod not ready; the others go on.
      '--exit-on-error=false',
      '--strict-readiness=true',
      `--log-verbose=${context.logLevel === 'debug' ? 1 : 0}`,
    ],
    ports: {
      http: { number, path: '/v2' },
      grpc: { number: grpc, scheme: 'grpc' },
      metrics: { number: metrics, metrics: '/metrics' },
    },
    env: { HOME: '/tmp' },
    probes: probes({
      ready: { http: '/v2/health/ready', port: number },
      live: { http: '/v2/health/live', port: number },
      startWithin: Duration.minutes(15),
    }),
    scratch: [sharedMemory(Size.gibibytes(1))],
    tmpSize: Size.gibibytes(1),
    waiting: 'nv_inference_pending_request_count',
    precision: runtime.precision ?? 'fp16',
    context: 0,
    sequences: 0,
    memoryShare: 1,
    overhead: 1024 + pool.toMebibytes(),
    problems: context.token
      ? [
          {
            path: 'auth',
            value: 'token',
            cure: 'Triton asks for none: put the gateway in front, and connect only that',
          },
        ]
      : [],
  };
}
