/** What a recipe may use while it fills its layer. */
export interface BuildContext {
  /** The layer's tree: what lies here when `build` ends is the layer. Debian packages of the recipe are already in it. */
  readonly root: string;
  /** An empty folder for intermediate files; it is removed afterwards. */
  readonly scratch: string;
  /** Programs that the toolchain built, by name. */
  readonly tools: ImageTools;
  /** A Python 3.11 as the images have it, with pip, that runs on this machine. Made on first use. */
  readonly python: () => Promise<Python>;
}

/** Programs from the toolchain that images carry. */
export interface ImageTools {
  /** The multi-call binary of the control plane, statically linked. */
  readonly kube: string;
  /** The storage provisioner, statically linked. */
  readonly localPathProvisioner: string;
}

/** Python of the images, made to run on the machine that builds them. */
export interface Python {
  /** Installs pinned wheels into a folder. Every requirement needs a hash; nothing is compiled from source. */
  readonly install: (requirements: string, target: string) => Promise<void>;
  /** Writes byte code beside the sources, valid for any modification time. */
  readonly compile: (root: string, folder: string) => Promise<void>;
}

/** What a container runtime does with the image by default. */
export interface ImageDefaults {
  /** `uid:gid`. @default - `10001:10001`, the user `app` */
  readonly user?: string;
  /** Added to the environment of the parents. @default - nothing is added */
  readonly env?: Readonly<Record<string, string>>;
  /** @default - the parent's */
  readonly entrypoint?: readonly string[];
  /** @default - the parent's */
  readonly command?: readonly string[];
  /** @default - the parent's, or `/` */
  readonly workingDir?: string;
}

interface RecipeBase {
  /** Name of the image: `keelson.local/<name>`. */
  readonly name: string;
  /** Version in the tag: a text, or the Debian package whose version counts. */
  readonly version: string | { readonly debian: string };
  /** Recipes whose layers lie under this one, in order. @default - none: from scratch */
  readonly from?: readonly string[];
  /** References under which the image is known besides the one with its content's hash. @default - none */
  readonly aliases?: readonly string[];
  /** Files and folders whose content decides whether the image is built anew. @default - none */
  readonly inputs?: (tools: ImageTools) => readonly string[];
}

/** An image whose one layer is a tree put together on this machine. */
export interface TreeRecipe extends RecipeBase {
  readonly kind: 'tree';
  /** Debian packages; what they depend on comes along. @default - none */
  readonly packages?: readonly string[];
  /** Dependencies that only maintainer scripts or unused features need. @default - none */
  readonly without?: readonly string[];
  readonly defaults?: ImageDefaults;
  /** Finishes the tree. @default - the packages are all there is */
  readonly build?: (context: BuildContext) => Promise<void>;
}

/** An image built from a Dockerfile, the same one that a build for a registry uses. */
export interface DockerfileRecipe extends RecipeBase {
  readonly kind: 'dockerfile';
  readonly dockerfile: string;
  /** Folder that `COPY` sees. */
  readonly context: string;
}

/** How an image is made. */
export type Recipe = TreeRecipe | DockerfileRecipe;

/** A Debian package as it went into an image. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
}

/** An image that lies in the cache. */
export interface BuiltImage {
  /** `keelson.local/<recipe>:<version>-<12 hex of the digest>`. */
  readonly reference: string;
  /** All references, the first one included. */
  readonly tags: readonly string[];
  /** Digest of the image's manifest. */
  readonly digest: string;
  /** OCI layout that holds the image; see `exportImages`. */
  readonly archive: string;
  /** Hash of all that the image was made from: while it stays the same, the image is kept. */
  readonly inputs: string;
  /** Sum of the layers in bytes. */
  readonly size: number;
  /** Digests of the layers, lowest first. They are not compressed, so these are the diff ids as well. */
  readonly layers: readonly string[];
  /** Debian packages, those of the layers below included. */
  readonly packages: readonly DebianPackage[];
}

/** The images in the cache, by recipe. */
export interface ImageSet {
  readonly images: Readonly<Record<string, BuiltImage>>;
}

/** A line of progress. */
export interface ImageProgress {
  /** Recipe, or `node-rootfs`. */
  readonly name: string;
  readonly step: 'kept' | 'packages' | 'building' | 'built';
  readonly detail?: string;
  /** How long the image took, with `built`. */
  readonly milliseconds?: number;
}

/** Receives progress. */
export type OnImageProgress = (event: ImageProgress) => void;
