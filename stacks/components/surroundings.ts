import {
  type AlertGroup,
  type Connectable,
  type Connections,
  Cpu,
  type Images,
  type PriorityClasses,
  type Resources,
  Size,
  type Storage,
} from '../../constructs/index.ts';
import type { Environment } from '../environments.ts';
import type { ComponentSpec, Footprint, ModelServerSpec, OrchestratorSpec } from '../platforms/platform.ts';

/** What the components of a platform are made with. */
export interface Surroundings {
  /** Name of the platform. */
  readonly platform: string;
  readonly environment: Environment;
  readonly images: Images;
  readonly connections: Connections;
  readonly priorities: PriorityClasses;
  /** Value of a secret of the configuration, or the token that stands for it. */
  readonly secret: (name: string) => string;
  /** Alerts on what is no component. */
  readonly alerts: readonly AlertGroup[];
  /** Components that exist already, by name. */
  readonly made: ReadonlyMap<string, Connectable>;
}

/** Properties that every component has. */
export interface Common {
  readonly name: string;
  readonly images: Images;
  readonly resources: Resources;
  readonly priorityClass: string;
  readonly names?: NonNullable<ComponentSpec['names']>;
}

/** What a footprint asks of a node. */
export function resourcesOf({ cpu, memory, memoryLimit }: Footprint) {
  return {
    cpu: { request: Cpu.millis(cpu) },
    memory: { request: Size.mebibytes(memory), limit: Size.mebibytes(memoryLimit) },
  };
}

/**
 * The volume of a component.
 *
 * @throws Error where its footprint names no size
 */
export function storageOf({ name, footprint }: ComponentSpec, { scale, storageClass }: Environment): Storage {
  const { storage } = footprint[scale];
  if (storage === undefined) {
    throw new Error(`${name}.footprint.${scale}.storage is missing: "${name}" keeps data, so give it a size in GiB`);
  }
  return { size: Size.gibibytes(storage), ...(storageClass !== undefined && { storageClass }) };
}

/** How many pods there are before anything scales them. */
export function replicasOf(spec: OrchestratorSpec | ModelServerSpec, environment: Environment): number {
  return spec.scaling?.min ?? spec.replicas ?? environment.replicas;
}
