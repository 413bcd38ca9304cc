import type { GpuPool } from '../gpu-pool.ts';
import type { GpuName } from '../gpus.ts';
import type { Problem } from '../problem.ts';

/** What an instance type of EC2 has, as far as placing pods on it goes. */
export interface InstanceType {
  readonly vcpus: number;
  /** Main memory, in GiB. */
  readonly memory: number;
  /** @default - none */
  readonly gpu?: { readonly type: GpuName; readonly count: number };
}

/** Sizes of a family that all have the same GPU: name of the size, vCPUs, memory in GiB, GPUs. */
type Size = readonly [size: string, vcpus: number, memory: number, gpus: number];

function family<Family extends string, const Sizes extends readonly Size[]>(
  name: Family,
  type: GpuName,
  sizes: Sizes,
): Record<`${Family}.${Sizes[number][0]}`, InstanceType> {
  const entries = sizes.map(([size, vcpus, memory, count]) => [
    `${name}.${size}`,
    { vcpus, memory, gpu: { type, count } },
  ]);
  // Object.fromEntries() forgets the keys, which are exactly the names built here.
  return Object.fromEntries(entries) as Record<`${Family}.${Sizes[number][0]}`, InstanceType>;
}

const single = [
  ['xlarge', 4, 16, 1],
  ['2xlarge', 8, 32, 1],
  ['4xlarge', 16, 64, 1],
  ['8xlarge', 32, 128, 1],
  ['16xlarge', 64, 256, 1],
] as const satisfies readonly Size[];

/**
 * Instance types that node pools use. Source: the instance type reference of karpenter-provider-aws, which is generated from EC2's own
 * DescribeInstanceTypes (labels instance-cpu, instance-memory, instance-gpu-count); p4de, p5en and p6-b200, which it does not list yet:
 * aws.amazon.com/ec2/instance-types (2026-11).
 */
export const instanceTypes = {
  'm7i.large': { vcpus: 2, memory: 8 },
  'm7i.xlarge': { vcpus: 4, memory: 16 },
  'm7i.2xlarge': { vcpus: 8, memory: 32 },
  'm7i.4xlarge': { vcpus: 16, memory: 64 },
  'r7i.xlarge': { vcpus: 4, memory: 32 },
  'r7i.2xlarge': { vcpus: 8, memory: 64 },
  'r7i.4xlarge': { vcpus: 16, memory: 128 },
  'c7i.xlarge': { vcpus: 4, memory: 8 },
  'c7i.2xlarge': { vcpus: 8, memory: 16 },
  'c7i.4xlarge': { vcpus: 16, memory: 32 },
  ...family('g4dn', 't4', [...single, ['12xlarge', 48, 192, 4]] as const),
  ...family('g5', 'a10g', [
    ...single,
    ['12xlarge', 48, 192, 4],
    ['24xlarge', 96, 384, 4],
    ['48xlarge', 192, 768, 8],
  ] as const),
  ...family('g6', 'l4', [
    ...single,
    ['12xlarge', 48, 192, 4],
    ['24xlarge', 96, 384, 4],
    ['48xlarge', 192, 768, 8],
  ] as const),
  ...family('g6e', 'l40s', [
    ['xlarge', 4, 32, 1],
    ['2xlarge', 8, 64, 1],
    ['4xlarge', 16, 128, 1],
    ['8xlarge', 32, 256, 1],
    ['16xlarge', 64, 512, 1],
    ['12xlarge', 48, 384, 4],
    ['24xlarge', 96, 768, 4],
    ['48xlarge', 192, 1536, 8],
  ] as const),
  ...family('p4d', 'a100-40gb', [['24xlarge', 96, 1152, 8]] as const),
  ...family('p4de', 'a100-80gb', [['24xlarge', 96, 1152, 8]] as const),
  ...family('p5', 'h100-80gb', [['48xlarge', 192, 2048, 8]] as const),
  ...family('p5en', 'h200', [['48xlarge', 192, 2048, 8]] as const),
  ...family('p6-b200', 'b200', [['48xlarge', 192, 2048, 8]] as const),
} as const satisfies Record<string, InstanceType>;

/** Name of an instance type in the catalogue. */
export type InstanceTypeName = keyof typeof instanceTypes;

/** The entry by name. */
export function instanceTypeOf(name: InstanceTypeName): InstanceType {
  return instanceTypes[name];
}

/** What is wrong about running a pool on instances of a type. */
export function checkInstanceType(
  pool: Pick<GpuPool, 'name' | 'gpu' | 'gpusPerNode'>,
  name: InstanceTypeName,
): readonly Problem[] {
  const { gpu } = instanceTypeOf(name);
  const path = `gpuPools["${pool.name}"].instanceType`;
  const fitting = Object.entries<InstanceType>(instanceTypes)
    .filter(([, type]) => type.gpu?.type === pool.gpu && type.gpu.count === pool.gpusPerNode)
    .map(([each]) => each);
  if (gpu?.type === pool.gpu && gpu.count === pool.gpusPerNode) return [];
  const cure =
    fitting.length === 0
      ? `no instance type has ${pool.gpusPerNode} x ${pool.gpu}: change gpusPerNode`
      : `the pool has ${pool.gpusPerNode} x ${pool.gpu} per node: use one of ${fitting.join(', ')}`;
  return [{ path, value: name, cure }];
}
