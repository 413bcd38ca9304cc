import type { Duration, Size } from 'cdk8s';
import type { Cpu, EnvValue, Probe } from 'cdk8s-plus-28';
import type { Credentials } from './credentials.ts';
import type { Image } from './images.ts';
import type { Port } from './ports.ts';

/** What a container asks for and may not exceed. */
export interface Resources {
  /** The limit is left out on purpose by default: a limit throttles while cores are idle, the request already shares them. */
  readonly cpu: { readonly request: Cpu; readonly limit?: Cpu };
  readonly memory: { readonly request: Size; readonly limit: Size };
}

/** A folder of configuration files. A changed content rolls the pods out anew. */
export interface ConfigFolder {
  /** Part of the ConfigMap's name, `<workload>-<name>`. */
  readonly name: string;
  /** Where it is mounted. */
  readonly path: string;
  /** File name to content. */
  readonly files: Readonly<Record<string, string>>;
}

/** A folder of secret files. The kubelet updates them in place when the Secret changes. */
export interface SecretFolder {
  /** Where it is mounted. */
  readonly path: string;
  readonly credentials: Credentials;
  /** Key of the Secret to file name. @default - every key, under its own name */
  readonly items?: Readonly<Record<string, string>>;
}

/** A folder that lives as long as the pod. `/tmp` is always there. */
export interface ScratchFolder {
  readonly name: string;
  readonly path: string;
  /** The pod is evicted when it writes more. @default - the node's own limit */
  readonly size?: Size;
  /** `memory` counts against the memory limits of the containers that write. @default 'disk' */
  readonly medium?: 'disk' | 'memory';
}

/** Storage that outlives the pod. */
export interface Storage {
  readonly size: Size;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
}

/** A claim per replica, made by the StatefulSet. */
export interface Claim extends Storage {
  /** Part of the claim's name `<name>-<workload>-<ordinal>`, which is how the data is found again: never change it. */
  readonly name: string;
  readonly path: string;
}

/** A container that runs to its end before the main one starts. It mounts what it names. */
export interface InitContainer {
  readonly name: string;
  readonly image: Image;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string | EnvValue>>;
  /** Scratch folders and claims by name, with the path inside this container. */
  readonly mounts: Readonly<Record<string, string>>;
  readonly resources: Resources;
}

/** How the kubelet watches the main container. */
export interface Probes {
  /** Whether it can take work now. */
  readonly readiness: Probe;
  /** Whether only a restart can help. @default - none: the process ends by itself when it is lost */
  readonly liveness?: Probe;
  /** Holds back the other two until the first success. @default - none */
  readonly startup?: Probe;
}

/** Properties of a workload. */
export interface WorkloadProps<P extends string = string> {
  /** Name of the controller, the service and the stable label. */
  readonly name: string;
  /** Role within the platform, for example `cache`. */
  readonly component: string;
  /** `StatefulSet` where replicas have an identity or storage of their own. */
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly image: Image;
  /** Replaces the image's entry point. @default - the image's own */
  readonly command?: readonly string[];
  /** @default - the image's own */
  readonly args?: readonly string[];
  /** Ports by name. Connections refer to the names. */
  readonly ports: Readonly<Record<P, Port>>;
  readonly resources: Resources;
  readonly probes: Probes;
  /** A value may be the token of a Pulumi Output. @default - none */
  readonly env?: Readonly<Record<string, string | EnvValue>>;
  /** @default - none */
  readonly config?: readonly ConfigFolder[];
  /** @default - none */
  readonly secrets?: readonly SecretFolder[];
  /** More text whose change rolls the pods out anew, for what a program reads once from a secret. @default - none */
  readonly rolloutOn?: string;
  /** @default - none but `/tmp` */
  readonly scratch?: readonly ScratchFolder[];
  /** Only a StatefulSet has claims. @default - none */
  readonly claims?: readonly Claim[];
  /** @default - none */
  readonly init?: readonly InitContainer[];
  /** @default 1 */
  readonly replicas?: number;
  /** `recreate` where two versions must never run side by side. @default 'rolling' */
  readonly strategy?: 'rolling' | 'recreate';
  /** Time between SIGTERM and SIGKILL, `drainDelay` included. @default Duration.seconds(30) */
  readonly terminationGracePeriod?: Duration;
  /**
   * Pause before SIGTERM, in which the pod leaves the service's endpoints while it still answers.
   * @default - 5 seconds for a Deployment of more than one replica, none otherwise: there is no other pod to go to
   */
  readonly drainDelay?: Duration;
  /** Name of a PriorityClass that exists in the cluster. @default - the cluster's default */
  readonly priorityClass?: string;
  /** User, group and volume group of the pod's processes. @default 10001 */
  readonly user?: number;
  /** Annotations of the service account, for example the cloud role that it stands for. @default - none */
  readonly accountAnnotations?: Readonly<Record<string, string>>;
  /** Size of `/tmp`. @default Size.mebibytes(64) */
  readonly tmpSize?: Size;
}
