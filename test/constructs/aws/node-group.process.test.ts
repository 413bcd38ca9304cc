import { describe, expect, it } from '@jest/globals';
import { GpuNodePool } from '../../../constructs/aws/gpu-node-pool.ts';
import { capacityType, launchTemplate, NodeGroup, scaleFromZeroTags } from '../../../constructs/aws/node-group.ts';
import { mockEngine, settled } from '../../support/mocks.ts';

describe('launchTemplate', () => {
  const plain = launchTemplate('nodes', { instanceTypes: ['m7i.large'] });

  it('asks for session tokens that do not leave the machine, and encrypts its disk', () => {
    expect(plain.metadataOptions).toMatchObject({ httpTokens: 'required', httpPutResponseHopLimit: 1 });
    expect(plain.blockDeviceMappings).toMatchObject([{ ebs: { encrypted: 'true', volumeSize: 100 } }]);
  });

  it('takes reserved capacity, and a block on its own terms', () => {
    const purchase = { kind: 'reservation', reservationId: 'cr-1', block: true } as const;
    expect(launchTemplate('nodes', { instanceTypes: ['p5.48xlarge'], purchase })).toMatchObject({
      instanceType: 'p5.48xlarge',
      instanceMarketOptions: { marketType: 'capacity-block' },
      capacityReservationSpecification: { capacityReservationTarget: { capacityReservationId: 'cr-1' } },
    });
  });
});

describe('scaleFromZeroTags', () => {
  it('promises the GPUs, labels and taints of nodes that do not exist yet', () => {
    const taints = [{ key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' }] as const;
    expect(scaleFromZeroTags({ instanceTypes: ['g6.12xlarge'], labels: { pool: 'l4' }, taints })).toEqual({
      'k8s.io/cluster-autoscaler/node-template/label/pool': 'l4',
      'k8s.io/cluster-autoscaler/node-template/taint/nvidia.com/gpu': 'true:NoSchedule',
      'k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu': '4',
    });
  });
});

describe('capacityType', () => {
  it.each([
    [{ kind: 'on-demand' }, 'ON_DEMAND'],
    [{ kind: 'spot' }, 'SPOT'],
    [{ kind: 'reservation', reservationId: 'cr-1' }, 'ON_DEMAND'],
    [{ kind: 'reservation', reservationId: 'cr-1', block: true }, 'CAPACITY_BLOCK'],
  ] as const)('%o is %s', (purchase, expected) => expect(capacityType(purchase)).toBe(expected));
});

describe('NodeGroup', () => {
  const props = {
    clusterName: 'c',
    nodeRoleArn: 'arn:role',
    subnetIds: ['subnet-1'],
    instanceTypes: ['g6.2xlarge'],
    minNodes: 0,
    maxNodes: 4,
  } as const;

  it('starts empty, with the image that has the driver, and tells the autoscaler what it would make', async () => {
    const registered = await mockEngine();
    new NodeGroup('gpu', { ...props, purchase: { kind: 'spot' } });
    await settled();
    expect(registered.find(({ type }) => type === 'aws:eks/nodeGroup:NodeGroup')?.inputs).toMatchObject({
      amiType: 'AL2023_x86_64_NVIDIA',
      capacityType: 'SPOT',
      scalingConfig: { minSize: 0, maxSize: 4, desiredSize: 0 },
      nodeRepairConfig: { enabled: true },
    });
    expect(registered.find(({ type }) => type === 'aws:autoscaling/tag:Tag')?.inputs).toMatchObject({
      autoscalingGroupName: 'gpu-asg',
      tag: { key: 'k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu', value: '1' },
    });
  });

  it('waits for what it is told to wait for', async () => {
    const registered = await mockEngine();
    const first = new NodeGroup('first', props);
    new GpuNodePool(
      'second',
      {
        pool: { name: 'gpu-l4', gpu: 'l4', gpusPerNode: 1, maxNodes: 1 },
        clusterName: 'c',
        nodeRoleArn: 'arn:role',
        subnetIds: ['subnet-1'],
        instanceType: 'g6.2xlarge',
      },
      { dependsOn: [first.group] },
    );
    await settled();
    const groups = registered.filter(({ type }) => type === 'aws:eks/nodeGroup:NodeGroup');
    expect(groups.find(({ name }) => name === 'second')?.dependencies).toContainEqual(
      expect.stringMatching(/NodeGroup::first$/),
    );
  });

  it.each([
    [{ minNodes: 5 }, 'minNodes, maxNodes is "5, 4"'],
    [{ maxNodes: 0 }, '0 <= minNodes <= maxNodes'],
    [
      {
        instanceTypes: ['g6.2xlarge', 'g6.4xlarge'],
        purchase: { kind: 'reservation', reservationId: 'cr-1', block: true },
      },
      'a capacity block is of one instance type',
    ],
  ] as const)('refuses %o', async (wrong, message) => {
    await mockEngine();
    expect(() => new NodeGroup('gpu', { ...props, ...wrong })).toThrow(message);
  });
});
