/** The library's public API. */
export { Duration, Size } from 'cdk8s';
export { Cpu, EnvValue, Probe } from 'cdk8s-plus-28';
export { type ConnectionOptions, Connections, type Edge, type Outside } from './connections.ts';
export { Credentials, type CredentialsProps } from './credentials.ts';
export { type CatalogueEntry, type Image, type ImageName, Images, type ImagesProps } from './images.ts';
export { Namespace, type NamespaceProps } from './namespace.ts';
export type { Port, Protocol } from './ports.ts';
export { type Problem, problem, WiringError } from './problem.ts';
export { type Connectable, Workload } from './workload.ts';
export type {
  Claim,
  ConfigFolder,
  InitContainer,
  Probes,
  Resources,
  ScratchFolder,
  SecretFolder,
  Storage,
  WorkloadProps,
} from './workload-props.ts';
