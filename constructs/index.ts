/** The library's public API. */
export { Duration, Size } from 'cdk8s';
export { Cpu, EnvValue, Probe } from 'cdk8s-plus-28';
export { type AccessLevel, AccessRoles, type AccessRolesProps } from './access-roles.ts';
export type { AlertGroup, AlertRule, Severity } from './alert-rules.ts';
export { Alertmanager, type AlertmanagerProps, type Receiver } from './alertmanager.ts';
export {
  type Autoscaler,
  Autoscaling,
  type AutoscalingProps,
  type ScalingMetric,
  type ScalingPace,
} from './autoscaling.ts';
export {
  Backup,
  type BackupProps,
  type BackupRetention,
  type BackupTarget,
} from './backup.ts';
export { type BackupObjectives, backupAlerts } from './backup-alerts.ts';
export { BackupMetrics, type BackupMetricsProps } from './backup-metrics.ts';
export type { Recurrence } from './backup-schedule.ts';
export type { BackupSource } from './backup-sources.ts';
export { type CertificateIssuer, InternalCertificate, type InternalCertificateProps } from './cert-manager.ts';
export type { ClusterAddresses } from './cluster-access.ts';
export type { ComponentProps } from './component.ts';
export { type ConnectionOptions, Connections, type Edge, type Outside } from './connections.ts';
export { Credentials, type CredentialsProps } from './credentials.ts';
export { Etcd, type EtcdProps } from './etcd.ts';
export { nodeAgents, type PodSecurityException, podSecurityExceptions } from './exceptions.ts';
export { DcgmExporter, type DcgmExporterProps } from './exporters/dcgm-exporter.ts';
export { KubeStateMetrics, type KubeStateMetricsProps } from './exporters/kube-state-metrics.ts';
export { NodeExporter, type NodeExporterProps } from './exporters/node-exporter.ts';
export { PostgresExporter, type PostgresExporterProps } from './exporters/postgres-exporter.ts';
export { RedisExporter, type RedisExporterProps } from './exporters/redis-exporter.ts';
export {
  type EdgeRateLimit,
  Gateway,
  type GatewayCertificate,
  type GatewayForm,
  type GatewayProps,
  type GatewayRoute,
} from './gateway.ts';
export {
  type GpuPool,
  type GpuRequest,
  type GpuShare,
  placementOn,
} from './gpu-pool.ts';
export { type Gpu, type GpuName, gpus, type MigProfile } from './gpus.ts';
export { Grafana, type GrafanaProps } from './grafana.ts';
export { type CatalogueEntry, type Image, type ImageName, Images, type ImagesProps } from './images.ts';
export { LlmStandIn, type LlmStandInProps } from './llm-stand-in.ts';
export { type McpData, McpServer, type McpServerProps, type McpTools } from './mcp-server.ts';
export { Milvus, type MilvusMetadata, type MilvusMode, type MilvusObjects, type MilvusProps } from './milvus.ts';
export type { MilvusCollection, MilvusField, MilvusIndex } from './milvus-collections.ts';
export type { MilvusLog, MilvusPart, MilvusParts } from './milvus-distributed.ts';
export { Mlflow, type MlflowArtifacts, type MlflowProps } from './mlflow.ts';
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
export { Monitoring, type MonitoringProps, type MonitoringStore } from './monitoring.ts';
export { type Hardening, Namespace, type NamespaceProps } from './namespace.ts';
export { type Embedding, type Feature, type Objective, Orchestrator, type OrchestratorProps } from './orchestrator.ts';
export type {
  CallerIdentity,
  CallerRole,
  OrchestratorPolicy,
  RequestRate,
  SpendingLimit,
  TierPolicy,
} from './orchestrator-policy.ts';
export { type ApiTargets, apiAlerts, dependencyAlerts } from './platform-alerts.ts';
export type { Port, Protocol } from './ports.ts';
export { Postgres } from './postgres.ts';
export type { PostgresArchive } from './postgres-cloudnativepg.ts';
export type { PostgresForm, PostgresPooling, PostgresProps } from './postgres-props.ts';
export type { PostgresRole, PostgresSchema, PostgresSetup, SchemaRight } from './postgres-setup.ts';
export { type Priority, PriorityClasses, type PriorityClassesProps } from './priority-classes.ts';
export { probes } from './probes.ts';
export { type Problem, problem, WiringError } from './problem.ts';
export { Prometheus, type PrometheusProps } from './prometheus.ts';
export type { Provider, ProviderModel, ProviderTimeouts } from './providers.ts';
export { Qdrant, type QdrantProps, type QdrantSnapshots, type QdrantTopology } from './qdrant.ts';
export type { PayloadIndex, QdrantCollection, QdrantQuantization } from './qdrant-collections.ts';
export { Quota, type QuotaProps, type QuotaReserve } from './quota.ts';
export { type EvictionPolicy, Redis, type RedisPersistence, type RedisProps, type RedisTopology } from './redis.ts';
export { type Release, Rollout, type RolloutProps, type RolloutStrategy, type Split } from './rollout.ts';
export type { ArgoOptions, CanaryStep } from './rollout-argo.ts';
export type { ModelRuntime } from './runtimes/index.ts';
export type { ServedModel } from './runtimes/runtime.ts';
export type { LoraAdapter } from './runtimes/vllm.ts';
export { type SecretSource, SecretStore, type SecretStoreProps } from './secret-store.ts';
export { ServiceAlias, type ServiceAliasProps } from './service-alias.ts';
export { SharedClaim, type SharedClaimProps } from './shared-claim.ts';
export { type Condition, type Watch, watchAlerts } from './watch-alerts.ts';
export { type Connectable, type ScaleTarget, Workload } from './workload.ts';
export type {
  Claim,
  ConfigFolder,
  HostAccess,
  HostFolder,
  InitContainer,
  PartNames,
  Placement,
  Probes,
  Resources,
  ScratchFolder,
  SecretFolder,
  Sidecar,
  Storage,
  Toleration,
  WorkloadProps,
} from './workload-props.ts';
