import path from 'node:path';
import { apiRelay, Cluster } from '../cluster/cluster.ts';
import { simulateGpuNodes } from '../cluster/gpu-nodes.ts';
import { type ClusterLayout, clusterLayout, nodeName } from '../cluster/layout.ts';
import { lastRelays, type Relay } from '../cluster/relays.ts';
import { type BuiltImage, knownImages } from '../images/index.ts';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { sourceOf } from '../toolchain/build.ts';
import { ensureTools } from '../toolchain/index.ts';
import { makeParts, type Parts } from './parts.ts';
import { removeEverything } from './remove.ts';
import type { ClusterTarget, Update } from './target.ts';

/** The Kubernetes of our own, in namespaces of its own on this machine. */
export class EmbeddedTarget implements ClusterTarget {
  readonly choice = { kind: 'embedded' } as const;
  readonly kubeContext = nodeName;
  readonly isOurs = true;
  readonly relays = [apiRelay()];
  readonly paths: Paths;
  readonly #layout: ClusterLayout;
  readonly #progress: Progress;
  readonly #stack: string;
  readonly #gpuNodes: number;
  #parts: Parts | undefined;
  #cluster: Cluster;

  /** @param gpuNodes - simulated nodes */
  constructor(paths: Paths, progress: Progress, stack: string, gpuNodes: number) {
    this.paths = paths;
    this.#layout = clusterLayout(paths.state);
    this.#progress = progress;
    this.#stack = stack;
    this.#gpuNodes = gpuNodes;
    // To stop it, no kubectl is needed.
    this.#cluster = new Cluster(this.#layout, 'kubectl');
  }

  get kubectl() {
    return this.#cluster.kubectl;
  }

  lastRelays(): readonly Relay[] {
    return lastRelays(this.#layout);
  }

  address(relays: readonly Relay[]): string {
    return `https://127.0.0.1:${relays.find(({ name }) => name === apiRelay().name)?.port}`;
  }

  async prepare(): Promise<Parts> {
    // Composing a platform takes the libraries for it: a stop does without.
    const [{ imagesOf }, { platformOf }] = await Promise.all([import('./platform-images.ts'), import('./platform.ts')]);
    this.#parts = makeParts(this.paths, this.#progress, imagesOf(platformOf(this.#stack)));
    this.#cluster = new Cluster(this.#layout, path.join(path.dirname(await this.#parts.kube), 'kubectl'));
    return this.#parts;
  }

  async start(relays: readonly Relay[], update: Update): Promise<void> {
    if (this.#parts === undefined) throw new Error('prepare() comes first');
    const [kube, images, rootfs] = await Promise.all([this.#parts.kube, this.#parts.clusterImages, this.#parts.rootfs]);
    update('control plane');
    await this.#cluster.start({ rootfs, kube }, Object.values(images), relays[0]?.port);
    await this.#cluster.relay(relays);
    await this.#cluster.untilReady();
    update('DNS, storage, metrics');
    await this.#cluster.addons({
      base: referenceOf(images, 'base'),
      localPathProvisioner: referenceOf(images, 'local-path-provisioner'),
    });
    const nodePid = this.#cluster.node.pid;
    if (nodePid === undefined) throw new Error(`the node ended; its log: ${this.#layout.log}`);
    await simulateGpuNodes(
      this.#gpuNodes,
      { layout: this.#layout, nodePid, kubectl: this.#cluster.kubectl },
      {
        kwok: async () => (await ensureTools(['kwok'], { progress: this.#progress, paths: this.paths })).path('kwok'),
        sources: () => sourceOf('kwok', 'sigs.k8s.io/kwok'),
      },
    );
  }

  async importImages(images: readonly BuiltImage[]): Promise<void> {
    await this.#cluster.importImages(images);
  }

  async pruneImages(images: readonly BuiltImage[]): Promise<void> {
    const ofCluster = Object.values((await this.#parts?.clusterImages) ?? {});
    // Those of platforms that rest are kept as well: they are the newest of their names.
    const known = await knownImages(this.paths.cache);
    await this.#cluster.pruneImages([...Object.values(known), ...ofCluster, ...images]);
  }

  async relay(relays: readonly Relay[]): Promise<void> {
    await this.#cluster.relay(relays);
  }

  async stop(): Promise<void> {
    await this.#cluster.stop();
  }

  async remove(): Promise<void> {
    await removeEverything(this.#cluster, this.paths);
  }
}

function referenceOf(images: Readonly<Record<string, { readonly reference: string }>>, name: string): string {
  const image = images[name];
  if (image === undefined) throw new Error(`image ${name} was not built`);
  return image.reference;
}
