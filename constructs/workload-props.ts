import type { Duration, Size } from 'cdk8s';
import type { Cpu, EnvValue, Probe } from 'cdk8s-plus-28';
import type { JsonObject } from './bridge/manifest.ts';
import type { Credentials } from './credentials.ts';
import type { Image } from './images.ts';
import type { Port } from './ports.ts';

/** What a container asks for and may not exceed. A namespace of `guaranteed` quality raises requests to the limits. */
export interface Resources {
  /**
   * The limit is left out by default where the namespace is `burstable`: a limit throttles while cores are idle, and the
   * request already shares them. In a `guaranteed` namespace it defaults to the request.
   */
  readonly cpu: { readonly request: Cpu; readonly limit?: Cpu };
  readonly memory: { readonly request: Size; readonly limit: Size };
  /** Disk of the node for logs and scratch folders. @default - the sizes of the scratch folders and 128 MiB */
  readonly disk?: Size;
  /** Devices by resource name, for example `{ 'nvidia.com/gpu': 1 }`. Request and limit are always equal. @default - none */
  readonly devices?: Readonly<Record<string, number>>;
}

/** A taint that pods put up with. Without a value, every value of the key. */
export interface Toleration {
  readonly key: string;
  readonly value?: string;
  /** @default 'NoSchedule' */
  readonly effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

/** On which nodes pods may run, and with which runtime. */
export interface Placement {
  /** Labels that the node must have. @default - any node */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly tolerations?: readonly Toleration[];
  /** Name of a RuntimeClass that exists in the cluster, for example `nvidia`. @default - the node's default */
  readonly runtimeClass?: string;
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
  /** The Secret: of this program, or a reference to one that something else makes. */
  readonly credentials: Pick<Credentials, 'name' | 'reference'>;
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

/** A claim that exists already, made by something else than this workload. */
export interface ExistingClaim {
  /** Name of the volume within the pod. */
  readonly name: string;
  /** Name of the claim. */
  readonly claim: string;
  /** Where it is mounted. */
  readonly path: string;
  /** Folder of the claim to mount. @default - all of it */
  readonly subPath?: string;
  /** @default false */
  readonly readOnly?: boolean;
}

/** Pods that work as one: a leader, which clients talk to, and workers beside it on other nodes. */
export interface Group {
  /** Pods of a group, the leader among them. */
  readonly size: number;
  /** Arguments that workers have beside the leader's. @default - none */
  readonly workerArgs?: readonly string[];
}

/** An object whose operator makes the pods. They have to carry the label `app` with the workload's name. */
export interface CustomController {
  readonly apiVersion: string;
  readonly kind: string;
  /** Its specification, as the operator's definition has it. */
  readonly spec: JsonObject;
  /** More labels of the pods that clients talk to. @default - all of them */
  readonly serves?: Readonly<Record<string, string>>;
}

/** When a job runs. */
export interface JobSchedule {
  /** In the notation of cron. */
  readonly cron: string;
  /** Name in the IANA database. @default 'Etc/UTC' */
  readonly timezone?: string;
  /** @default false */
  readonly suspended?: boolean;
}

/** How pods run that come to an end. */
export interface JobRun {
  /** @default - once, when it is deployed */
  readonly schedule?: JobSchedule;
  /** Pods that are tried. @default 3 */
  readonly attempts?: number;
  /** After which it has failed. */
  readonly timeout: Duration;
  /** How long the finished job stays to be looked at. @default - until it changes, or by number where it has a schedule */
  readonly keep?: Duration;
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

/** A container that runs beside the main one, for example an exporter. It reaches the main one on 127.0.0.1. */
export interface Sidecar {
  readonly name: string;
  readonly image: Image;
  /** @default - the image's own */
  readonly command?: readonly string[];
  /** @default - the image's own */
  readonly args?: readonly string[];
  /** @default - none */
  readonly env?: Readonly<Record<string, string | EnvValue>>;
  /** Ports that it listens on: they join those of the workload, whose names and numbers they may not repeat. @default - none */
  readonly ports?: Readonly<Record<string, Port>>;
  /** Scratch folders, configuration (`config-<name>`), secrets (`secret-<credentials>`) and claims by name, with the path inside this container. @default - none */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly resources: Resources;
  /** @default - none: the pod is ready without it */
  readonly probes?: Probes;
}

/** Folder of the node that pods read. Only in a namespace that is listed in the exceptions. */
export interface HostFolder {
  readonly name: string;
  /** On the node. */
  readonly hostPath: string;
  /** In the container. Always read-only, and mounts that come to the folder later are seen. */
  readonly path: string;
}

/** What node agents need of the node that other pods may not have. */
export interface HostAccess {
  readonly folders: readonly HostFolder[];
  /** Runs as root, without any capability. @default false */
  readonly root?: boolean;
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

/** Names of what a workload consists of, where procedures or tools expect another one than the workload's. */
export interface PartNames {
  /** The main container, which `kubectl set image` and `kubectl logs -c` name. @default - the workload's name */
  readonly container?: string;
  /** Its NetworkPolicy. @default - the workload's name */
  readonly policy?: string;
}

/** Properties of a workload. */
export interface WorkloadProps<P extends string = string> {
  /** Name of the controller, the service and the stable label. */
  readonly name: string;
  /** Role within the platform, for example `cache`. */
  readonly component: string;
  /**
   * `StatefulSet` where replicas have an identity or storage of their own, `DaemonSet` for one on each node, `LeaderWorkerSet`
   * (where the cluster has its operator) where a replica is a group of pods, `Job` where pods come to an end, `Custom` where an
   * operator makes the pods of an object of its own.
   */
  readonly kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'LeaderWorkerSet' | 'Job' | 'Custom';
  /** The pods of one replica of a LeaderWorkerSet. @default - required for that kind, meaningless for others */
  readonly group?: Group;
  /** What an operator makes of it. @default - required for kind Custom, meaningless for others */
  readonly custom?: CustomController;
  /** How a Job runs. @default - required for that kind, meaningless for others */
  readonly run?: JobRun;
  readonly image: Image;
  /** Replaces the image's entry point. @default - the image's own */
  readonly command?: readonly string[];
  /** @default - the image's own */
  readonly args?: readonly string[];
  /** Ports by name. Connections refer to the names. */
  readonly ports: Readonly<Record<P, Port>>;
  /**
   * Port of the main container that only the kubelet's probes ask: named `health`, in no service, and no connection leads to it.
   * @default - probes ask one of the ports
   */
  readonly healthPort?: number;
  readonly resources: Resources;
  /** @default - none, which only a Job may have */
  readonly probes?: Probes;
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
  readonly existing?: readonly ExistingClaim[];
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
  /** Names of parts of it that others rely on. @default - each has the workload's name */
  readonly names?: PartNames;
  /** @default - any node, default runtime */
  readonly placement?: Placement;
  /** @default - none */
  readonly sidecars?: readonly Sidecar[];
  /** More labels of the pods, for example `{ version: 'v1.0' }`. They are in no selector of the controller. @default - none */
  readonly podLabels?: Readonly<Record<string, string>>;
  /**
   * The pods may call the API server, with a token of this service account that lives for an hour. The way there has to be
   * opened with `Connections.toOutside`. @default false
   */
  readonly apiAccess?: boolean;
  /** Access to the node; refused outside of namespaces that are listed in the exceptions. @default - none */
  readonly host?: HostAccess;
}
