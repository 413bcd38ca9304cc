import { Size } from 'cdk8s';
import {
  Capability,
  type ContainerProps,
  type Cpu,
  EnvValue,
  ImagePullPolicy,
  Protocol as KubeProtocol,
  SeccompProfileType,
} from 'cdk8s-plus-28';
import type { Hardening } from './namespace.ts';
import { type Port, wireProtocol } from './ports.ts';
import type { Volumes } from './volumes.ts';
import type { InitContainer, Resources, Sidecar, WorkloadProps } from './workload-props.ts';

/** Room for logs and what else the runtime writes beside the volumes, for each container. */
const logRoom = Size.mebibytes(128);
/** What a scratch folder without a size is counted as. */
const unsizedFolder = Size.gibibytes(1);

/** The container that the workload is about. Its variables are added by the workload, because connections add more. */
export function mainContainer(props: WorkloadProps, volumes: Volumes, hardening: Hardening): ContainerProps {
  return {
    ...hardened(props.image.reference, props.resources, hardening, props.host?.root),
    name: props.names?.container ?? props.name,
    ...(props.command && { command: [...props.command] }),
    ...(props.args && { args: [...props.args] }),
    ports: containerPorts({
      ...props.ports,
      ...(props.healthPort !== undefined && { health: { number: props.healthPort } }),
    }),
    ...(props.probes && { readiness: props.probes.readiness }),
    ...(props.probes?.liveness && { liveness: props.probes.liveness }),
    ...(props.probes?.startup && { startup: props.probes.startup }),
    volumeMounts: volumes.mounts,
  };
}

/** A container that runs to its end before the main one starts. */
export function initContainer(init: InitContainer, volumes: Volumes, hardening: Hardening): ContainerProps {
  return {
    ...hardened(init.image.reference, init.resources, hardening),
    name: init.name,
    command: [...init.command],
    envVariables: variables(init.env),
    volumeMounts: volumes.select(init.mounts, 'init.mounts'),
  };
}

/** A container that runs beside the main one. */
export function sidecarContainer(sidecar: Sidecar, volumes: Volumes, hardening: Hardening): ContainerProps {
  return {
    ...hardened(sidecar.image.reference, sidecar.resources, hardening),
    name: sidecar.name,
    ...(sidecar.command && { command: [...sidecar.command] }),
    ...(sidecar.args && { args: [...sidecar.args] }),
    ports: containerPorts(sidecar.ports ?? {}),
    envVariables: variables(sidecar.env),
    volumeMounts: volumes.select(sidecar.mounts ?? {}, `sidecars.${sidecar.name}.mounts`),
    ...(sidecar.probes && { readiness: sidecar.probes.readiness }),
    ...(sidecar.probes?.liveness && { liveness: sidecar.probes.liveness }),
    ...(sidecar.probes?.startup && { startup: sidecar.probes.startup }),
  };
}

function variables(env: Readonly<Record<string, string | EnvValue>> = {}): Record<string, EnvValue> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, typeof value === 'string' ? EnvValue.fromValue(value) : value]),
  );
}

function containerPorts(ports: Readonly<Record<string, Port>>) {
  return Object.entries(ports).map(([name, port]) => ({ name, number: port.number, protocol: kubeProtocol(port) }));
}

/** Disk of the node that a container may take: what it says, or its logs and what the pod's scratch folders may hold. */
export function diskOf(resources: Resources, pod?: Pick<WorkloadProps, 'scratch' | 'tmpSize'>): Size {
  if (resources.disk !== undefined) return resources.disk;
  if (pod === undefined) return logRoom;
  const onDisk = (pod.scratch ?? []).filter(({ medium }) => medium !== 'memory');
  const sizes = [logRoom, pod.tmpSize ?? Size.mebibytes(64), ...onDisk.map(({ size }) => size ?? unsizedFolder)];
  return Size.mebibytes(sizes.reduce((sum, size) => sum + size.toMebibytes(), 0));
}

/** Port protocol as cdk8s-plus names it. */
export function kubeProtocol(port: Port): KubeProtocol {
  return wireProtocol(port) === 'UDP' ? KubeProtocol.UDP : KubeProtocol.TCP;
}

/** What all containers have in common. Devices and disk are added by the workload: cdk8s-plus knows no devices, and disk in whole GiB only. */
function hardened(image: string, resources: Resources, hardening: Hardening, root = false) {
  const guaranteed = hardening.quality === 'guaranteed';
  const { memory } = resources;
  const cpu = guaranteed ? equal(resources.cpu.limit ?? resources.cpu.request) : resources.cpu;
  return {
    image,
    imagePullPolicy: hardening.pullPolicy === 'Always' ? ImagePullPolicy.ALWAYS : ImagePullPolicy.IF_NOT_PRESENT,
    resources: {
      cpu: { request: cpu.request, ...(cpu.limit && { limit: cpu.limit }) },
      memory: { request: guaranteed ? memory.limit : memory.request, limit: memory.limit },
    },
    securityContext: {
      ensureNonRoot: !root,
      privileged: false,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: [Capability.ALL] },
      seccompProfile: { type: SeccompProfileType.RUNTIME_DEFAULT },
    },
  };
}

function equal(cpu: Cpu): { readonly request: Cpu; readonly limit: Cpu } {
  return { request: cpu, limit: cpu };
}
