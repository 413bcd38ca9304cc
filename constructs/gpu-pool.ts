import { type GpuName, gpuOf } from './gpus.ts';
import type { Problem } from './problem.ts';
import type { Placement } from './workload-props.ts';

/** How a GPU is shared among pods. */
export type GpuShare =
  /** Each pod has whole GPUs. */
  | { readonly kind: 'whole' }
  /** Each pod has partitions of one profile, with memory and cores of their own, for example `1g.10gb`. */
  | { readonly kind: 'mig'; readonly profile: string }
  /** `slices` pods take turns on one GPU; nothing keeps one from taking the memory of another. */
  | { readonly kind: 'time-slice'; readonly slices: number };

/** What a pod asks for. */
export interface GpuRequest {
  readonly type: GpuName;
  /** Whole GPUs, partitions or slices for each pod. */
  readonly count: number;
  /** @default - whole GPUs */
  readonly share?: GpuShare;
  /** The nodes that have them. */
  readonly pool: GpuPool;
}

/** Nodes of one kind with GPUs of one kind: what there is to place pods on. Data, as the environment or the cloud has it. */
export interface GpuPool {
  readonly name: string;
  readonly gpu: GpuName;
  readonly gpusPerNode: number;
  /** Nodes that the pool may grow to. */
  readonly maxNodes: number;
  /** How its device plugin cuts each GPU. @default - whole GPUs */
  readonly share?: GpuShare;
  /** How pods get onto its nodes. @default - by the GPU's product label, past the taint `nvidia.com/gpu`, with the runtime class `nvidia` */
  readonly placement?: Placement;
}

/** Where pods of the pool may run. */
export function placementOn(pool: GpuPool): Placement {
  return (
    pool.placement ?? {
      nodeSelector: { 'nvidia.com/gpu.product': productLabel(pool) },
      tolerations: [{ key: 'nvidia.com/gpu' }],
      runtimeClass: 'nvidia',
    }
  );
}

/** Feature discovery marks nodes whose GPUs are cut. */
function productLabel({ gpu, share = { kind: 'whole' } }: GpuPool): string {
  return share.kind === 'time-slice' ? `${gpuOf(gpu).product}-SHARED` : gpuOf(gpu).product;
}

/** The resource that a pod asks for: partitions have names of their own (the device plugin's strategy `mixed`). */
export function gpuResource({ share = { kind: 'whole' } }: Pick<GpuPool, 'share'>): string {
  return share.kind === 'mig' ? `nvidia.com/mig-${share.profile}` : 'nvidia.com/gpu';
}

/** Devices of the pool's kind on one node. */
export function devicesPerNode({ gpu, gpusPerNode, share = { kind: 'whole' } }: GpuPool): number {
  switch (share.kind) {
    case 'whole':
      return gpusPerNode;
    case 'mig':
      return gpusPerNode * (gpuOf(gpu).mig?.[share.profile]?.perGpu ?? 0);
    case 'time-slice':
      return gpusPerNode * share.slices;
  }
}

/** Memory of one device of the pool's kind, in MiB. A slice counts with its even part. */
export function deviceMemory({ type, share = { kind: 'whole' } }: Pick<GpuRequest, 'type' | 'share'>): number {
  const gpu = gpuOf(type);
  switch (share.kind) {
    case 'whole':
      return gpu.memory;
    case 'mig':
      return gpu.mig?.[share.profile]?.memory ?? 0;
    case 'time-slice':
      return gpu.memory / share.slices;
  }
}

/** What a request gets wrong about the GPU itself or about its pool, whoever else asks for a part of the pool. */
export function checkRequest(request: GpuRequest): readonly Problem[] {
  const { type, count, pool, share = { kind: 'whole' } } = request;
  const problems: Problem[] = [];
  const add = (path: string, value: unknown, cure: string) => problems.push({ path, value, cure });
  if (!Number.isInteger(count) || count < 1) add('variant.count', count, 'use a whole number, 1 or more');
  if (type !== pool.gpu) {
    add('variant.type', type, `pool "${pool.name}" has ${pool.gpu}: ask for that, or for another pool`);
    return problems;
  }
  if (share.kind === 'mig') {
    const profiles = Object.keys(gpuOf(type).mig ?? {});
    if (!profiles.includes(share.profile)) {
      const cure =
        profiles.length === 0
          ? `a ${type} cannot be partitioned: ask for a whole one`
          : `use one of ${profiles.join(', ')}`;
      add('variant.share.profile', share.profile, cure);
      return problems;
    }
  }
  if (share.kind === 'time-slice' && (!Number.isInteger(share.slices) || share.slices < 2)) {
    add('variant.share.slices', share.slices, 'use a whole number, 2 or more');
  }
  const [asked, offered] = [describe(share), describe(pool.share ?? { kind: 'whole' })];
  if (asked !== offered) {
    add('variant.share', asked, `pool "${pool.name}" offers ${offered}: ask for that, or for another pool`);
    return problems;
  }
  const most = devicesPerNode(pool);
  if (count > most) {
    add(
      'variant.count',
      count,
      `a node of pool "${pool.name}" has ${most}: lower it to ${most}, or use a pool of bigger nodes`,
    );
  }
  return problems;
}

function describe(share: GpuShare): string {
  switch (share.kind) {
    case 'whole':
      return 'whole GPUs';
    case 'mig':
      return `partitions of ${share.profile}`;
    case 'time-slice':
      return `${share.slices} slices of each GPU`;
  }
}
