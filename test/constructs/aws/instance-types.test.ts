import { describe, expect, it } from '@jest/globals';
import { checkInstanceType, instanceTypes } from '../../../constructs/aws/instance-types.ts';
import { gpus } from '../../../constructs/gpus.ts';

describe('checkInstanceType', () => {
  const pool = { name: 'gpu-l4', gpu: 'l4', gpusPerNode: 1 } as const;

  it('takes a type with the GPUs of the pool', () => expect(checkInstanceType(pool, 'g6.2xlarge')).toEqual([]));

  it.each(['g5.2xlarge', 'g6.12xlarge', 'm7i.large'] as const)('refuses %s, and names those that fit', (type) => {
    expect(checkInstanceType(pool, type)).toEqual([
      {
        path: 'gpuPools["gpu-l4"].instanceType',
        value: type,
        cure: 'the pool has 1 x l4 per node: use one of g6.xlarge, g6.2xlarge, g6.4xlarge, g6.8xlarge, g6.16xlarge',
      },
    ]);
  });

  it('says when there is no such machine at all', () => {
    const [problem] = checkInstanceType({ ...pool, gpusPerNode: 3 }, 'g6.2xlarge');
    expect(problem?.cure).toBe('no instance type has 3 x l4: change gpusPerNode');
  });

  it('has a machine for every GPU of the catalogue', () => {
    const served = new Set(Object.values(instanceTypes).flatMap((type) => ('gpu' in type ? [type.gpu?.type] : [])));
    expect([...served].sort()).toEqual(Object.keys(gpus).sort());
  });
});
