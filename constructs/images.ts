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

// Each digest is the one that at least two unrelated public repositories pin for that tag (code search, 2026-11-21). An
// entry without one says so by leaving it out: the policy pack then advises to add it.
const catalogue = {
  orchestrator: { version: '0.1.0', repository: 'own', localRecipe: 'orchestrator' },
  inference: { version: '0.1.0', repository: 'own', localRecipe: 'inference' },
  mcp: { version: '0.1.0', repository: 'own', localRecipe: 'mcp' },
  'model-all-minilm-l6-v2': { version: '1.0.0', repository: 'own', localRecipe: 'model-all-minilm-l6-v2' },
  redis: {
    version: '7.4.11',
    repository: 'docker.io/library/redis',
    tag: '7.4.11-alpine',
    digest: 'sha256:858f009f9709ce576febc734aa78b8f6d624b82571f9ddb6bda4377c833b3499',
    localRecipe: 'redis',
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
  etcd: {
    version: '3.5.18',
    repository: 'quay.io/coreos/etcd',
    tag: 'v3.5.18',
    digest: 'sha256:d0a641d5fbcc89678c931a61b7de7b8a1cf097149f135c9c73bc81d076a1494b',
  },
  'milvus-lite': { version: '3.0.0', repository: 'own', localRecipe: 'milvus-lite' },
  prometheus: {
    version: '3.5.0',
    repository: 'docker.io/prom/prometheus',
    tag: 'v3.5.0',
    digest: 'sha256:63805ebb8d2b3920190daf1cb14a60871b16fd38bed42b857a3182bc621f4996',
    localRecipe: 'prometheus',
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

  constructor(props: ImagesProps = {}) {
    this.#props = props;
  }

  /** The image by name. Fails when the image is the team's own and no registry is configured. */
  get(name: ImageName): Image {
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
