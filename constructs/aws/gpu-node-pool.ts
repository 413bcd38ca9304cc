import { ComponentResource, type ComponentResourceOptions, type Input, type Resource } from '@pulumi/pulumi';
import { type GpuPool, placementOn } from '../gpu-pool.ts';
import { gpuOf } from '../gpus.ts';
import { WiringError } from '../problem.ts';
import { checkInstanceType, type InstanceTypeName } from './instance-types.ts';
import { NodeGroup, type NodeTaint, type Purchase } from './node-group.ts';

/** Properties of {@link GpuNodePool}. */
export interface GpuNodePoolProps {
  readonly pool: GpuPool;
  readonly clusterName: Input<string>;
  readonly nodeRoleArn: Input<string>;
  readonly subnetIds: readonly Input<string>[];
  readonly instanceType: InstanceTypeName;
  /** Nodes at least. @default 0 - none while no pod asks for one */
  readonly minNodes?: number;
  /** @default - on demand */
  readonly purchase?: Purchase;
}

/** Keeps pods that need no GPU off nodes that cost as much as ten others. */
export const gpuTaint: NodeTaint = { key: 'nvidia.com/gpu', value: 'true', effect: 'NoSchedule' };

/** Labels of the pool's nodes: those that its pods select by, known before the first node exists. Pure. */
export function gpuNodeLabels(pool: GpuPool): Readonly<Record<string, string>> {
  return {
    'keelson.dev/pool': pool.name,
    // Feature discovery sets it on a node that runs; an empty group has to promise it, or nothing would ever scale it up.
    'nvidia.com/gpu.product': gpuOf(pool.gpu).product,
    ...placementOn(pool).nodeSelector,
    ...(pool.share?.kind === 'mig' && { 'nvidia.com/mig.config': `all-${pool.share.profile}` }),
    ...(pool.share?.kind === 'time-slice' && { 'nvidia.com/device-plugin.config': `time-slice-${pool.share.slices}` }),
  };
}

/** Nodes with GPUs as a managed group that starts empty. */
export class GpuNodePool extends ComponentResource {
  readonly group: Resource;

  constructor(name: string, props: GpuNodePoolProps, options?: ComponentResourceOptions) {
    super('keelson:aws:GpuNodePool', name, {}, options);
    const { pool, instanceType, minNodes = 0, purchase } = props;
    const [problem] = checkInstanceType(pool, instanceType);
    if (problem !== undefined) throw new WiringError(name, problem);
    const nodes = new NodeGroup(
      name,
      {
        clusterName: props.clusterName,
        nodeRoleArn: props.nodeRoleArn,
        subnetIds: props.subnetIds,
        instanceTypes: [instanceType],
        minNodes,
        maxNodes: pool.maxNodes,
        labels: gpuNodeLabels(pool),
        taints: [gpuTaint],
        // Images of model servers are large, and so are the models that they keep beside them.
        diskGibibytes: 300,
        ...(purchase !== undefined && { purchase }),
      },
      { parent: this, ...(options?.dependsOn !== undefined && { dependsOn: options.dependsOn }) },
    );
    this.group = nodes.group;
    this.registerOutputs({});
  }
}
