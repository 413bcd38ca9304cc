import type { JsonObject } from './bridge/manifest.ts';
import type { Outside } from './connections.ts';
import type { Image } from './images.ts';
import type { Resources } from './workload-props.ts';

/** A part of a distributed Milvus. */
export interface MilvusPart {
  readonly replicas: number;
  readonly resources: Resources;
}

/** How writes travel between the parts. */
export type MilvusLog =
  /** In the object store itself, by Milvus. */
  | { readonly kind: 'woodpecker' }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[]; readonly at: Outside; readonly port: number }
  | { readonly kind: 'pulsar'; readonly endpoint: string; readonly at: Outside; readonly port: number };

/** The parts of a distributed Milvus: each can be made bigger on its own. */
export interface MilvusParts {
  /** Takes requests. */
  readonly proxy: MilvusPart;
  /** Decides who does what. */
  readonly coordinator: MilvusPart;
  /** Searches. */
  readonly query: MilvusPart;
  /** Compacts, and builds indexes. */
  readonly data: MilvusPart;
  /** Takes writes in. */
  readonly streaming: MilvusPart;
}

interface MilvusFacts {
  readonly name: string;
  readonly image: Image;
  readonly parts: MilvusParts;
  readonly log: MilvusLog;
  readonly etcd: readonly string[];
  readonly store: {
    readonly endpoint: string;
    readonly secret: string | undefined;
    readonly serviceAccount: string | undefined;
    readonly minio: JsonObject;
  };
  readonly settings: JsonObject;
  readonly user: number;
  readonly priorityClass: string | undefined;
}

/**
 * What the Milvus operator is told (milvus.io/v1beta1, `Milvus` in apis/milvus.io/v1beta1 of zilliztech/milvus-operator, 2026-11). It
 * installs nothing beside Milvus itself: what Milvus depends on is there already.
 */
export function milvusSpec(facts: MilvusFacts): JsonObject {
  const { name, image, parts, log, etcd, store } = facts;
  return {
    mode: 'cluster',
    components: {
      image: image.reference,
      version: `v${image.version}`,
      enableRollingUpdate: true,
      imageUpdateMode: 'rollingUpgrade',
      runAsNonRoot: true,
      podLabels: { app: name },
      ...(store.serviceAccount !== undefined && { serviceAccountName: store.serviceAccount }),
      ...(facts.priorityClass !== undefined && { priorityClassName: facts.priorityClass }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: facts.user,
        runAsGroup: facts.user,
        fsGroup: facts.user,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      proxy: { ...part(parts.proxy, name, 'proxy'), serviceType: 'ClusterIP' },
      mixCoord: part(parts.coordinator, name, 'mixcoord'),
      queryNode: part(parts.query, name, 'querynode'),
      dataNode: part(parts.data, name, 'datanode'),
      streamingNode: part(parts.streaming, name, 'streamingnode'),
    },
    dependencies: {
      msgStreamType: log.kind,
      ...(log.kind === 'kafka' && { kafka: { external: true, brokerList: [...log.brokers] } }),
      ...(log.kind === 'pulsar' && { pulsar: { external: true, endpoint: log.endpoint } }),
      etcd: { external: true, endpoints: [...etcd] },
      storage: {
        external: true,
        type: 'S3',
        endpoint: store.endpoint,
        ...(store.secret !== undefined && { secretRef: store.secret }),
      },
    },
    config: { ...facts.settings, minio: store.minio, etcd: { rootPath: name } },
  };
}

function part({ replicas, resources }: MilvusPart, name: string, component: string): JsonObject {
  const { cpu, memory } = resources;
  return {
    replicas,
    resources: {
      requests: { cpu: cpu.request.amount, memory: `${memory.request.toMebibytes()}Mi`, 'ephemeral-storage': '1Gi' },
      limits: {
        ...(cpu.limit && { cpu: cpu.limit.amount }),
        memory: `${memory.limit.toMebibytes()}Mi`,
        'ephemeral-storage': '1Gi',
      },
    },
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: {
                matchLabels: { 'app.kubernetes.io/instance': name, 'app.kubernetes.io/component': component },
              },
            },
          },
        ],
      },
    },
  };
}
