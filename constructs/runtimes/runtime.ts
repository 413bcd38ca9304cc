import type { Size } from 'cdk8s';
import type { EnvValue } from 'cdk8s-plus-28';
import type { Images } from '../images.ts';
import type { CachePrecision, Precision } from '../model-memory.ts';
import type { ModelSource } from '../model-source.ts';
import type { Model } from '../models.ts';
import type { Port } from '../ports.ts';
import type { Problem } from '../problem.ts';
import type { Probes, ScratchFolder } from '../workload-props.ts';

/** A model to serve. */
export interface ServedModel {
  readonly model: Model;
  readonly source: ModelSource;
}

/** What a runtime is told. */
export interface RuntimeContext {
  readonly images: Images;
  readonly models: readonly ServedModel[];
  /** Folder whose subfolders, by the name of the model, hold the weights. */
  readonly folder: string;
  /** Devices of one pod; absent without a GPU. */
  readonly devices?: number;
  /** Pods that serve one copy of the model together. */
  readonly nodes: number;
  /** Number that clients use, where it is not the runtime's own. */
  readonly port?: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** What clients have to show; absent where anybody who is connected may ask. */
  readonly token?: EnvValue;
}

/** What a runtime asks of the workload. */
export interface RuntimePlan {
  /** Name of the workload, where the component gives none. */
  readonly name: string;
  readonly image: string;
  readonly version: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string | EnvValue>>;
  readonly ports: Readonly<Record<'http', Port>> & Readonly<Record<string, Port>>;
  readonly probes: Probes;
  /** @default - none */
  readonly scratch?: readonly ScratchFolder[];
  /** Size of `/tmp`. @default - that of all workloads */
  readonly tmpSize?: Size;
  /** Requests that wait in one pod: a PromQL expression that `sum` can be put around, without its labels. @default - it does not tell */
  readonly waiting?: string;
  /** Form of the weights in memory. */
  readonly precision: Precision;
  /** Form of the cache of keys and values. @default 'fp16' */
  readonly cache?: CachePrecision;
  /** Longest text, in tokens. */
  readonly context: number;
  /** Texts of that length that must fit at the same time. */
  readonly sequences: number;
  /** Share of the GPU's memory that the runtime uses, 0 to 1. */
  readonly memoryShare: number;
  /** More memory that it takes on each GPU, in MiB: kernels, activations, adapters. */
  readonly overhead: number;
  /** @default - none */
  readonly problems?: readonly Problem[];
}

/** The shared memory through which the processes of several GPUs talk. */
export function sharedMemory(size: ScratchFolder['size']): ScratchFolder {
  return { name: 'shm', path: '/dev/shm', medium: 'memory', ...(size && { size }) };
}

/** Problem of a runtime that serves one model and is given more. */
export function oneModel(kind: string, { models }: RuntimeContext): readonly Problem[] {
  if (models.length <= 1) return [];
  return [
    {
      path: 'models',
      value: models.map(({ model }) => model.name),
      cure: `${kind} serves one model: make a server for each`,
    },
  ];
}
