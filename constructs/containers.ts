import {
  Capability,
  type ContainerProps,
  EnvValue,
  ImagePullPolicy,
  Protocol as KubeProtocol,
  SeccompProfileType,
} from 'cdk8s-plus-28';
import { type Port, wireProtocol } from './ports.ts';
import type { Volumes } from './volumes.ts';
import type { InitContainer, Resources, WorkloadProps } from './workload-props.ts';

/** The container that the workload is about. Its variables are added by the workload, because connections add more. */
export function mainContainer(props: WorkloadProps, volumes: Volumes): ContainerProps {
  return {
    ...hardened(props.image.reference, props.resources),
    name: props.name,
    ...(props.command && { command: [...props.command] }),
    ...(props.args && { args: [...props.args] }),
    ports: Object.entries(props.ports).map(([name, port]) => ({
      name,
      number: port.number,
      protocol: kubeProtocol(port),
    })),
    readiness: props.probes.readiness,
    ...(props.probes.liveness && { liveness: props.probes.liveness }),
    ...(props.probes.startup && { startup: props.probes.startup }),
    volumeMounts: volumes.mounts,
  };
}

/** A container that runs to its end before the main one starts. */
export function initContainer(init: InitContainer, volumes: Volumes): ContainerProps {
  return {
    ...hardened(init.image.reference, init.resources),
    name: init.name,
    command: [...init.command],
    envVariables: Object.fromEntries(
      Object.entries(init.env ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string' ? EnvValue.fromValue(value) : value,
      ]),
    ),
    volumeMounts: volumes.select(init.mounts),
  };
}

/** Port protocol as cdk8s-plus names it. */
export function kubeProtocol(port: Port): KubeProtocol {
  return wireProtocol(port) === 'UDP' ? KubeProtocol.UDP : KubeProtocol.TCP;
}

/** What all containers have in common. */
function hardened(image: string, { cpu, memory }: Resources) {
  return {
    image,
    // Tags here never move: locally they carry a hash of the content, elsewhere a digest.
    imagePullPolicy: ImagePullPolicy.IF_NOT_PRESENT,
    resources: {
      cpu: { request: cpu.request, ...(cpu.limit && { limit: cpu.limit }) },
      memory: { request: memory.request, limit: memory.limit },
    },
    securityContext: {
      ensureNonRoot: true,
      privileged: false,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: [Capability.ALL] },
      seccompProfile: { type: SeccompProfileType.RUNTIME_DEFAULT },
    },
  };
}
