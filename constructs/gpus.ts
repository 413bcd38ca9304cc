/** A profile of a partitioned GPU. */
export interface MigProfile {
  /** Memory of one partition, in MiB. */
  readonly memory: number;
  /** Partitions of this profile that fit on one GPU. */
  readonly perGpu: number;
}

/** A type of GPU, as far as placing a model on it goes. */
export interface Gpu {
  /** Value of the node label `nvidia.com/gpu.product` that NVIDIA's feature discovery sets. */
  readonly product: string;
  /** Memory that the driver reports, in MiB. */
  readonly memory: number;
  /** CUDA compute capability: which kernels and number formats it can run. */
  readonly computeCapability: number;
  /** Partitions by profile, under the driver's names. @default - it cannot be partitioned */
  readonly mig?: Readonly<Record<string, MigProfile>>;
}

/**
 * Profiles of a GPU that is cut into eighths of its memory and sevenths of its cores. A partition has a little less than its eighths:
 * a 1g.18gb of an H200 has 16.0 GiB where an eighth would be 17.6, and 1g.5gb of an A100 has 4.75 of 5 (nvidia-smi mig -lgip, 2026-11).
 */
function partitions(memory: number, names: readonly [string, string, string, string, string, string]) {
  const usable = 0.91;
  const shapes = [
    { eighths: 1, perGpu: 7 },
    { eighths: 2, perGpu: 4 },
    { eighths: 2, perGpu: 3 },
    { eighths: 4, perGpu: 2 },
    { eighths: 4, perGpu: 1 },
    { eighths: 8, perGpu: 1 },
  ];
  return Object.fromEntries(
    shapes.map(({ eighths, perGpu }, index) => [
      names[index] ?? '',
      { memory: Math.floor((memory * eighths * usable) / 8), perGpu },
    ]),
  ) satisfies Record<string, MigProfile>;
}

const tenths = ['1g.10gb', '1g.20gb', '2g.20gb', '3g.40gb', '4g.40gb', '7g.80gb'] as const;

/**
 * GPUs that the platforms know. Memory: what the driver reports as total, from nvidia-smi listings; profiles: NVIDIA Multi-Instance GPU
 * user guide, "Supported MIG profiles"; compute capability: developer.nvidia.com/cuda-gpus (2026-11).
 */
export const gpus = {
  t4: { product: 'Tesla-T4', memory: 15_360, computeCapability: 7.5 },
  a10g: { product: 'NVIDIA-A10G', memory: 23_028, computeCapability: 8.6 },
  l4: { product: 'NVIDIA-L4', memory: 23_034, computeCapability: 8.9 },
  l40s: { product: 'NVIDIA-L40S', memory: 46_068, computeCapability: 8.9 },
  'a100-40gb': {
    product: 'NVIDIA-A100-SXM4-40GB',
    memory: 40_960,
    computeCapability: 8.0,
    mig: partitions(40_960, ['1g.5gb', '1g.10gb', '2g.10gb', '3g.20gb', '4g.20gb', '7g.40gb']),
  },
  'a100-80gb': {
    product: 'NVIDIA-A100-SXM4-80GB',
    memory: 81_920,
    computeCapability: 8.0,
    mig: partitions(81_920, tenths),
  },
  'h100-80gb': {
    product: 'NVIDIA-H100-80GB-HBM3',
    memory: 81_559,
    computeCapability: 9.0,
    mig: partitions(81_559, tenths),
  },
  h200: {
    product: 'NVIDIA-H200',
    memory: 143_771,
    computeCapability: 9.0,
    mig: partitions(143_771, ['1g.18gb', '1g.35gb', '2g.35gb', '3g.71gb', '4g.71gb', '7g.141gb']),
  },
  b200: {
    product: 'NVIDIA-B200',
    memory: 183_359,
    computeCapability: 10.0,
    mig: partitions(183_359, ['1g.23gb', '1g.45gb', '2g.45gb', '3g.90gb', '4g.90gb', '7g.180gb']),
  },
} as const satisfies Record<string, Gpu>;

/** Name of a GPU in the catalogue. */
export type GpuName = keyof typeof gpus;

/** The entry by name. */
export function gpuOf(name: GpuName): Gpu {
  return gpus[name];
}
