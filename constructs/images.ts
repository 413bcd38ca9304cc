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

// Tags were checked against public deployments of the same tag (code search, 2026-11-21). A digest stands where two
// independent sources gave the same one; the others carry the tag alone, and the registry's lock or a mirror pins them.
const catalogue = {
  orchestrator: { version: '0.1.0', repository: 'own', localRecipe: 'orchestrator' },
  inference: { version: '0.1.0', repository: 'own', localRecipe: 'inference' },
  mcp: { version: '0.1.0', repository: 'own', localRecipe: 'mcp' },
  'model-all-minilm-l6-v2': { version: '1.0.0', repository: 'own', localRecipe: 'model-all-minilm-l6-v2' },
  redis: { version: '7.4.2', repository: 'docker.io/library/redis', localRecipe: 'redis' },
  postgres: { version: '2.17.2-pg16', repository: 'docker.io/timescale/timescaledb', localRecipe: 'postgres' },
  milvus: { version: '2.6.11', repository: 'docker.io/milvusdb/milvus', tag: 'v2.6.11' },
  'milvus-lite': { version: '3.0.0', repository: 'own', localRecipe: 'milvus-lite' },
  prometheus: { version: '3.5.0', repository: 'docker.io/prom/prometheus', tag: 'v3.5.0', localRecipe: 'prometheus' },
  alertmanager: {
    version: '0.28.1',
    repository: 'docker.io/prom/alertmanager',
    tag: 'v0.28.1',
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
    if (override !== undefined) return { reference: override, version: entry.version };
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
