import { WiringError } from './problem.ts';

/** An image as a workload needs it. */
export interface Image {
  /** What the pod specification says, with tag and, where known, digest. */
  readonly reference: string;
  /** Version of the software, for labels. */
  readonly version: string;
}

/** An entry of the catalogue. */
export interface CatalogueEntry {
  /** Version of the software. */
  readonly version: string;
  /** Public repository, or `own` for images that the platform's team builds and pushes to its registry. */
  readonly repository: string | 'own';
  /** Tag in that repository. @default - the version */
  readonly tag?: string;
  /** Digest of the multi-platform index behind the tag. @default - none: the tag alone */
  readonly digest?: `sha256:${string}`;
  /** Recipe in local/images that builds it from packages. @default - none: the image cannot run in the local platform */
  readonly localRecipe?: string;
}

// Each digest is the one that at least two unrelated public repositories pin for that tag (code search, 2026-11). An
// entry without one says so by leaving it out: the policy pack then advises to add it.
const catalogue = {
  orchestrator: { version: '0.1.0', repository: 'own', localRecipe: 'orchestrator' },
  inference: { version: '0.1.0', repository: 'own', localRecipe: 'inference' },
  mcp: { version: '0.1.0', repository: 'own', localRecipe: 'mcp' },
  'llm-stand-in': { version: '1.0.0', repository: 'own', localRecipe: 'llm-stand-in' },
  'model-all-minilm-l6-v2': { version: '1.0.0', repository: 'own', localRecipe: 'model-all-minilm-l6-v2' },
  redis: {
    version: '7.4.11',
    repository: 'docker.io/library/redis',
    tag: '7.4.11-alpine',
    digest: 'sha256:858f009f9709ce576febc734aa78b8f6d624b82571f9ddb6bda4377c833b3499',
    localRecipe: 'redis',
  },
  haproxy: {
    version: '3.2.23',
    repository: 'docker.io/library/haproxy',
    tag: '3.2.23-alpine',
    digest: 'sha256:5961c68bc8a81c5124d0a98ab20f81b74717d6afe596e805977d9cf84c126222',
  },
  postgres: {
    version: '2.17.2-pg16',
    repository: 'docker.io/timescale/timescaledb',
    digest: 'sha256:4e459e217f00cbb09920c34d245501e63427e6767a495de57ce76823ff280f12',
    localRecipe: 'postgres',
  },
  milvus: {
    version: '2.5.10',
    repository: 'docker.io/milvusdb/milvus',
    tag: 'v2.5.10',
    digest: 'sha256:02e1d60d71ab60f435c60076f4fed2abe59602ecd5e18dcfe229c8c558c4379d',
  },
  // From 2.6 on a distributed Milvus needs no message queue; no digest of a tag of it is to be found in two places.
  'milvus-distributed': { version: '2.6.11', repository: 'docker.io/milvusdb/milvus', tag: 'v2.6.11' },
  // No digest of a tag of it is to be found in two places.
  'milvus-backup': { version: '0.5.8', repository: 'docker.io/milvusdb/milvus-backup', tag: 'v0.5.8' },
  etcd: {
    version: '3.5.18',
    repository: 'quay.io/coreos/etcd',
    tag: 'v3.5.18',
    digest: 'sha256:d0a641d5fbcc89678c931a61b7de7b8a1cf097149f135c9c73bc81d076a1494b',
  },
  'milvus-lite': { version: '3.0.0', repository: 'own', localRecipe: 'milvus-lite' },
  qdrant: {
    version: '1.17.1',
    repository: 'docker.io/qdrant/qdrant',
    tag: 'v1.17.1',
    digest: 'sha256:94728574965d17c6485dd361aa3c0818b325b9016dac5ea6afec7b4b2700865f',
  },
  vllm: {
    version: '0.30.0',
    repository: 'docker.io/vllm/vllm-openai',
    tag: 'v0.30.0',
    digest: 'sha256:8a69ffad015f138d7170c4ddc429e230a3bc1c1719f67e14324749df200a4b90',
  },
  // No digest of a tag of it is to be found in two places.
  'vllm-cpu': { version: '0.30.0', repository: 'docker.io/vllm/vllm-openai-cpu', tag: 'v0.30.0' },
  ollama: {
    version: '0.13.5',
    repository: 'docker.io/ollama/ollama',
    digest: 'sha256:2c9595c555fd70a28363489ac03bd5bf9e7c5bdf2890373c3a830ffd7252ce6d',
  },
  // Nobody publishes an image of Jan.
  jan: { version: '0.8.4', repository: 'own' },
  // No digest of a tag of it is to be found in two places.
  triton: { version: '2.59.0', repository: 'nvcr.io/nvidia/tritonserver', tag: '25.06-py3' },
  tei: {
    version: '1.9.3',
    repository: 'ghcr.io/huggingface/text-embeddings-inference',
    tag: 'cuda-1.9.3',
    digest: 'sha256:249a0bc87522bfe2f1012b4d194f0225878f47079115ada3aeb0b1ef257b402a',
  },
  'tei-cpu': {
    version: '1.9.3',
    repository: 'ghcr.io/huggingface/text-embeddings-inference',
    tag: 'cpu-1.9.3',
    digest: 'sha256:ad950d30878eceb72aaf32024d26fa2b1d04a75304fa0b4776b49aa1941fea07',
  },
  // The variant with the clients of PostgreSQL and S3; no digest of a tag of it is to be found in two places.
  mlflow: {
    version: '3.16.1',
    repository: 'ghcr.io/mlflow/mlflow',
    tag: 'v3.16.1-full',
    localRecipe: 'mlflow',
  },
  pgbouncer: {
    version: '1.24.1',
    repository: 'docker.io/edoburu/pgbouncer',
    tag: 'v1.24.1-p1',
    digest: 'sha256:3db3d7223e93af52b4116f642951a1a5fa44702a88c2a59cf7562cac19320c9e',
  },
  // PostgreSQL with TimescaleDB as CloudNativePG's operator needs it; no digest of a tag of it is to be found in two places.
  'postgres-cloudnativepg': { version: '17.2-ts2.18', repository: 'ghcr.io/clevyr/cloudnativepg-timescale' },
  rclone: {
    version: '1.75.1',
    repository: 'docker.io/rclone/rclone',
    digest: 'sha256:45401ad7410db1d67ffdb58e19059ad20b0d8e0285a60e38bbec55cc1019c7a5',
  },
  curl: {
    version: '8.18.0',
    repository: 'docker.io/curlimages/curl',
    digest: 'sha256:d94d07ba9e7d6de898b6d96c1a072f6f8266c687af78a74f380087a0addf5d17',
  },
  pushgateway: {
    version: '1.11.3',
    repository: 'docker.io/prom/pushgateway',
    tag: 'v1.11.3',
    digest: 'sha256:74fa117cef2d7e383112d25139ff1c2d2e309c35389a9e0554a47136a1482e48',
  },
  prometheus: {
    version: '3.5.0',
    repository: 'docker.io/prom/prometheus',
    tag: 'v3.5.0',
    digest: 'sha256:63805ebb8d2b3920190daf1cb14a60871b16fd38bed42b857a3182bc621f4996',
    localRecipe: 'prometheus',
  },
  grafana: {
    version: '12.1.1',
    repository: 'docker.io/grafana/grafana',
    digest: 'sha256:a1701c2180249361737a99a01bc770db39381640e4d631825d38ff4535efa47d',
  },
  'node-exporter': {
    version: '1.9.1',
    repository: 'quay.io/prometheus/node-exporter',
    tag: 'v1.9.1',
    digest: 'sha256:d00a542e409ee618a4edc67da14dd48c5da66726bbd5537ab2af9c1dfc442c8a',
  },
  'kube-state-metrics': {
    version: '2.18.0',
    repository: 'registry.k8s.io/kube-state-metrics/kube-state-metrics',
    tag: 'v2.18.0',
    digest: 'sha256:1545919b72e3ae035454fc054131e8d0f14b42ef6fc5b2ad5c751cafa6b2130e',
  },
  // Found in two places that may be one: the tag stands alone.
  'dcgm-exporter': { version: '4.5.3', repository: 'nvcr.io/nvidia/k8s/dcgm-exporter', tag: '4.5.3-4.8.2-distroless' },
  'redis-exporter': {
    version: '1.88.0',
    repository: 'quay.io/oliver006/redis_exporter',
    tag: 'v1.88.0',
    digest: 'sha256:2c8c55c63ce4d915389f03d337b8acef56aaaca9fab8728291287e612d4d6398',
  },
  'postgres-exporter': {
    version: '0.17.1',
    repository: 'quay.io/prometheuscommunity/postgres-exporter',
    tag: 'v0.17.1',
    digest: 'sha256:38606faa38c54787525fb0ff2fd6b41b4cfb75d455c1df294927c5f611699b17',
  },
  alertmanager: {
    version: '0.28.1',
    repository: 'docker.io/prom/alertmanager',
    tag: 'v0.28.1',
    digest: 'sha256:27c475db5fb156cab31d5c18a4251ac7ed567746a2483ff264516437a39b15ba',
    localRecipe: 'alertmanager',
  },
} as const satisfies Record<string, CatalogueEntry>;

/** Name of an image in the catalogue. */
export type ImageName = keyof typeof catalogue;

/** Properties of {@link Images}. */
export interface ImagesProps {
  /** Image name to full reference: wins over the catalogue. Holds what local/images built. @default - none */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Registry and prefix of the images that the team builds itself, for example an ECR host. @default - none */
  readonly registry?: string;
}

/** The images of an environment: the catalogue, with what the environment builds or mirrors itself. */
export class Images {
  /** Entries by name, as declared. */
  static get catalogue(): Readonly<Record<ImageName, CatalogueEntry>> {
    return catalogue;
  }

  readonly #props: ImagesProps;
  readonly #used = new Set<ImageName>();

  constructor(props: ImagesProps = {}) {
    this.#props = props;
  }

  /** Names of the images that were asked for so far. */
  get used(): ReadonlySet<ImageName> {
    return new Set(this.#used);
  }

  /** The image by name. Fails when the image is the team's own and no registry is configured. */
  get(name: ImageName): Image {
    this.#used.add(name);
    const entry: CatalogueEntry = catalogue[name];
    const override = this.#props.overrides?.[name];
    if (override !== undefined) return { reference: override, version: versionOf(override) ?? entry.version };
    const repository = entry.repository === 'own' ? this.#own(name) : entry.repository;
    const digest = entry.digest === undefined ? '' : `@${entry.digest}`;
    return { reference: `${repository}:${entry.tag ?? entry.version}${digest}`, version: entry.version };
  }

  #own(name: ImageName): string {
    if (this.#props.registry === undefined) {
      throw new WiringError('images', {
        path: `images.${name}`,
        value: null,
        cure: `it is an image of your own: set the registry that holds it, or an override for "${name}"`,
      });
    }
    return `${this.#props.registry}/${name}`;
  }
}

/** Version in the tag of a reference: local images carry a hash of their content behind it. */
function versionOf(reference: string): string | undefined {
  const tag = /:([^:/]+)$/.exec(reference.replace(/@.*$/, ''))?.[1];
  return tag?.replace(/-[0-9a-f]{12}$/, '');
}
