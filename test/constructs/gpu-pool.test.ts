import { describe, expect, it } from '@jest/globals';
import { checkRequest, deviceMemory, devicesPerNode, gpuResource } from '../../constructs/gpu-pool.ts';
import { type GpuPool, type GpuRequest, placementOn } from '../../constructs/index.ts';
import { problem } from '../../constructs/problem.ts';

const pool: GpuPool = { name: 'l4', gpu: 'l4', gpusPerNode: 4, maxNodes: 2 };
const partitioned: GpuPool = {
  name: 'slices',
  gpu: 'a100-80gb',
  gpusPerNode: 2,
  maxNodes: 1,
  share: { kind: 'mig', profile: '1g.10gb' },
};
const shared: GpuPool = { ...pool, name: 'shared', share: { kind: 'time-slice', slices: 4 } };

const problems = (request: Partial<GpuRequest>) =>
  checkRequest({ type: 'l4', count: 1, pool, ...request }).map(problem);

describe('GPU pools', () => {
  it('count devices as their GPUs are cut', () => {
    expect([pool, partitioned, shared].map(devicesPerNode)).toEqual([4, 14, 16]);
    expect([pool, partitioned, shared].map(gpuResource)).toEqual([
      'nvidia.com/gpu',
      'nvidia.com/mig-1g.10gb',
      'nvidia.com/gpu',
    ]);
  });

  it('know how much memory a device has', () => {
    expect(deviceMemory({ type: 'l4' })).toBe(23_034);
    expect(deviceMemory({ type: 'l4', share: { kind: 'time-slice', slices: 2 } })).toBe(11_517);
    expect(deviceMemory({ type: 'a100-80gb', share: { kind: 'mig', profile: '1g.10gb' } })).toBeLessThan(10 * 1024);
  });

  it('place pods on their own nodes, past the taint', () => {
    expect(placementOn(pool)).toEqual({
      nodeSelector: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
      tolerations: [{ key: 'nvidia.com/gpu' }],
      runtimeClass: 'nvidia',
    });
    expect(placementOn(shared).nodeSelector).toEqual({ 'nvidia.com/gpu.product': 'NVIDIA-L4-SHARED' });
    const placement = { nodeSelector: { pool: 'gpu' } };
    expect(placementOn({ ...pool, placement })).toBe(placement);
  });

  it('hold what fits', () => {
    expect(problems({})).toEqual([]);
    expect(problems({ count: 4 })).toEqual([]);
    expect(
      problems({ type: 'a100-80gb', count: 2, pool: partitioned, share: { kind: 'mig', profile: '1g.10gb' } }),
    ).toEqual([]);
  });

  it.each<[string, Partial<GpuRequest>, RegExp]>([
    ['another type', { type: 't4' }, /variant\.type is "t4": pool "l4" has l4/],
    ['more than a node has', { count: 5 }, /variant\.count is 5: a node of pool "l4" has 4: lower it to 4/],
    ['no whole number', { count: 0.5 }, /variant\.count is 0.5: use a whole number/],
    ['a part of what is whole', { share: { kind: 'time-slice', slices: 2 } }, /offers whole GPUs/],
    ['a partition of what has none', { share: { kind: 'mig', profile: '1g.5gb' } }, /a l4 cannot be partitioned/],
    [
      'a profile that there is not',
      { type: 'a100-80gb', pool: partitioned, share: { kind: 'mig', profile: '1g.5gb' } },
      /share\.profile is "1g\.5gb": use one of 1g\.10gb, 1g\.20gb/,
    ],
  ])('refuse %s', (_, request, message) => {
    expect(problems(request).join('\n')).toMatch(message);
  });
});
