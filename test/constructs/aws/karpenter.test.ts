import { describe, expect, it } from '@jest/globals';
import { gpuPool, limitsOf, nodeClassSpec, nodePoolSpec } from '../../../constructs/aws/karpenter.ts';

const pool = { name: 'gpu-l4', gpu: 'l4', gpusPerNode: 1, maxNodes: 3 } as const;

describe('a GPU pool of Karpenter', () => {
  const made = gpuPool(pool, 'g6.2xlarge', ['spot', 'on-demand']);

  it('promises the labels that pods select by, keeps others off, and grows to the limit of the pool', () => {
    expect(nodePoolSpec(made)).toMatchObject({
      template: {
        metadata: { labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4' } },
        spec: { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] },
      },
      limits: { cpu: '24', memory: '96Gi', 'nvidia.com/gpu': '3' },
      disruption: { consolidationPolicy: 'WhenEmpty' },
    });
  });

  it('makes machines with session tokens and encrypted disks', () => {
    const around = { clusterName: 'c', nodeRole: 'r', securityGroupId: 'sg' };
    expect(nodeClassSpec(made, around)).toMatchObject({
      metadataOptions: { httpTokens: 'required', httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [{ ebs: { encrypted: true } }],
    });
  });

  it('uses reserved capacity where there is some', () => {
    const reserved = gpuPool(pool, 'g6.2xlarge', ['reserved', 'on-demand'], ['cr-1']);
    const around = { clusterName: 'c', nodeRole: 'r', securityGroupId: 'sg' };
    expect(nodeClassSpec(reserved, around)).toMatchObject({ capacityReservationSelectorTerms: [{ id: 'cr-1' }] });
  });

  it('refuses machines without the GPU of the pool', () => {
    expect(() => gpuPool(pool, 'g5.2xlarge', ['spot'])).toThrow('the pool has 1 x l4 per node');
  });
});

describe('limitsOf', () => {
  it('counts the largest type', () => {
    expect(limitsOf({ instanceTypes: ['m7i.large', 'r7i.xlarge'], maxNodes: 10 })).toEqual({
      cpu: '40',
      memory: '320Gi',
    });
  });
});
