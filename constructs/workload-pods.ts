import { Duration } from 'cdk8s';
import {
  DeploymentStrategy,
  type WorkloadProps as KubeWorkloadProps,
  PercentOrAbsolute,
  PodManagementPolicy,
  type Service,
} from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { type PodMetadata, StableDaemonSet, StableDeployment, StableStatefulSet } from './controller.ts';
import { ConvertedController } from './converted-controller.ts';
import { jobController } from './job-controller.ts';
import { leaderWorkerSet } from './leader-worker-set.ts';
import { asService } from './strict.ts';
import type { WorkloadProps } from './workload-props.ts';

/** What runs the pods of a workload. */
export type PodController = StableDeployment | StableStatefulSet | StableDaemonSet;

/** What every controller is made with. */
export interface PodFacts {
  readonly pod: KubeWorkloadProps & { replicas: number };
  readonly podMetadata: PodMetadata;
  /** Gives each replica a name. @default - replicas have none */
  readonly headless: Service | undefined;
}

/** Makes the controller that the kind asks for. */
export function makePods(scope: Construct, props: WorkloadProps, facts: PodFacts): PodController {
  const { pod, podMetadata, headless } = facts;
  if (props.kind === 'DaemonSet') return new StableDaemonSet(scope, 'daemonset', pod, podMetadata);
  if (props.kind === 'LeaderWorkerSet') {
    const groups = leaderWorkerSet(props.group ?? { size: 1 });
    return new ConvertedController(scope, 'groups', pod, podMetadata, groups);
  }
  if (props.kind === 'Custom') {
    const { spec = {}, apiVersion = '', kind = '' } = props.custom ?? {};
    return new ConvertedController(scope, 'custom', pod, podMetadata, { apiVersion, kind, spec: () => spec });
  }
  if (props.kind === 'Job') {
    const run = props.run ?? { timeout: Duration.hours(1) };
    return new ConvertedController(scope, 'job', pod, podMetadata, jobController(run));
  }
  if (props.kind === 'Deployment' || headless === undefined) {
    const strategy =
      props.strategy === 'recreate'
        ? DeploymentStrategy.recreate()
        : DeploymentStrategy.rollingUpdate({
            // A new pod is ready before an old one goes: no rollout takes capacity away.
            maxSurge: PercentOrAbsolute.absolute(1),
            maxUnavailable: PercentOrAbsolute.absolute(0),
          });
    return new StableDeployment(scope, 'deployment', { ...pod, strategy }, podMetadata);
  }
  const stateful = { ...pod, service: asService(headless), podManagementPolicy: PodManagementPolicy.PARALLEL };
  return new StableStatefulSet(scope, 'statefulset', stateful, podMetadata);
}
