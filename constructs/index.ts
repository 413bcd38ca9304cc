/** The library's public API. */
export { Duration, Size } from 'cdk8s';
export { Cpu, EnvValue, Probe } from 'cdk8s-plus-28';
export type { AlertGroup, AlertRule, Severity } from './alert-rules.ts';
export { Alertmanager, type AlertmanagerProps, type Receiver } from './alertmanager.ts';
export type { ComponentProps } from './component.ts';
export { type ConnectionOptions, Connections, type Edge, type Outside } from './connections.ts';
export { Credentials, type CredentialsProps } from './credentials.ts';
export { Etcd, type EtcdProps } from './etcd.ts';
export { type PodSecurityException, podSecurityExceptions } from './exceptions.ts';
export {
  type GpuPool,
  type GpuRequest,
  type GpuShare,
  placementOn,
} from './gpu-pool.ts';
export { type Gpu, type GpuName, gpus, type MigProfile } from './gpus.ts';
export { type CatalogueEntry, type Image, type ImageName, Images, type ImagesProps } from './images.ts';
export { type McpData, McpServer, type McpServerProps, type McpTools } from './mcp-server.ts';
export { Milvus, type MilvusMetadata, type MilvusMode, type MilvusObjects, type MilvusProps } from './milvus.ts';
export {
  allMiniLmL6V2,
  bgeM3,
  bgeRerankerV2M3,
  llama31With8B,
  llama31With70B,
  llama32With3B,
  qwen25With7B,
} from './model-catalogue.ts';
export type { CachePrecision, Precision } from './model-memory.ts';
export {
  type ModelCache,
  ModelServer,
  type ModelServerAuth,
  type ModelServerGroup,
  type ModelServerProps,
  type ModelVariant,
  type QueueDepth,
} from './model-server.ts';
export type { Bucket, BucketAccess, ModelSource } from './model-source.ts';
export type {
  Distance,
  EmbeddingModel,
  HubRepository,
  LanguageModel,
  Model,
  OtherModel,
  RerankModel,
  VectorCollection,
} from './models.ts';
export { Namespace, type NamespaceProps } from './namespace.ts';
export { type Embedding, type Feature, Orchestrator, type OrchestratorProps } from './orchestrator.ts';
export { type ApiTargets, apiAlerts, dependencyAlerts } from './platform-alerts.ts';
export type { Port, Protocol } from './ports.ts';
export { Postgres, type PostgresProps } from './postgres.ts';
export { probes } from './probes.ts';
export { type Problem, problem, WiringError } from './problem.ts';
export { Prometheus, type PrometheusProps } from './prometheus.ts';
export type { Provider, ProviderTimeouts } from './providers.ts';
export { type EvictionPolicy, Redis, type RedisPersistence, type RedisProps } from './redis.ts';
export type { ModelRuntime } from './runtimes/index.ts';
export type { ServedModel } from './runtimes/runtime.ts';
export type { LoraAdapter } from './runtimes/vllm.ts';
export { SharedClaim, type SharedClaimProps } from './shared-claim.ts';
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
