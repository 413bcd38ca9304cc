import { describe, expect, it } from '@jest/globals';
import { simulatedNode } from '../../../local/cluster/gpu-nodes.ts';

describe('simulated GPU node', () => {
  it('offers one GPU and takes only pods that tolerate its taint', () => {
    expect(simulatedNode(3)).toMatchObject({
      metadata: {
        name: 'gpu-3',
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
        labels: { 'nvidia.com/gpu.product': 'NVIDIA-L4' },
      },
      spec: { taints: [{ key: 'nvidia.com/gpu', effect: 'NoSchedule' }] },
      status: { allocatable: { 'nvidia.com/gpu': '1' } },
    });
  });
});
