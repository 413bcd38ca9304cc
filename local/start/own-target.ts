import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Kubectl } from '../cluster/kubectl.ts';
import type { Relay } from '../cluster/relays.ts';
import { pulumi } from '../deploy/pulumi.ts';
import { repairStack } from '../deploy/repair.ts';
import { stackConfigurationFiles } from '../deploy/stack-configuration.ts';
import type { BuiltImage } from '../images/index.ts';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { ensureTools, pulumiTools, type Toolchain } from '../toolchain/index.ts';
import { type OwnChoice, pathsFor } from './choice.ts';
import { cliFor } from './cli.ts';
import { lastForwards } from './forward-record.ts';
import { checkStorage, identifyCluster, serverOf } from './kubeconfig.ts';
import { findKubectl } from './kubectl-program.ts';
import { loadMissing } from './loaded-images.ts';
import { makePlatformParts, type PlatformParts } from './parts.ts';
import { checkPorts, startForwards, stopForwards } from './port-forwards.ts';
import type { ClusterTarget } from './target.ts';

/** What differs between clusters of the person's own. */
export interface Provider {
  /**
   * Makes the cluster exist, and its kubeconfig.
   *
   * @returns whether it was made just now
   */
  ensure(): Promise<boolean>;
  /** Remembers that the cluster of this identity was made by {@link ensure}. */
  claim(id: string): void;
  load(images: readonly BuiltImage[], scratch: string): Promise<void>;
  /**
   * Deletes the cluster if it was made by {@link ensure}.
   *
   * @returns whether there is no such cluster any more
   */
  delete(id: string | undefined): Promise<boolean>;
}

/** A cluster that exists apart from Keelson: it gets the platform and nothing else, and it is left as it was. */
export class OwnTarget implements ClusterTarget {
  readonly isOurs = false;
  readonly relays: readonly Relay[] = [];
  readonly #root: Paths;
  readonly #progress: Progress;
  readonly #stack: string;
  readonly #provider: Provider;
  #choice: OwnChoice;
  #kubectl: string | undefined;
  #isConnected = false;

  constructor(paths: Paths, progress: Progress, stack: string, choice: OwnChoice, provider: Provider) {
    this.#root = paths;
    this.#progress = progress;
    this.#stack = stack;
    this.#choice = choice;
    this.#provider = provider;
  }

  get choice(): OwnChoice {
    return this.#choice;
  }

  get paths(): Paths {
    return pathsFor(this.#root, this.#choice);
  }

  get kubeContext(): string {
    return this.#choice.context;
  }

  get kubectl(): Kubectl {
    const { kubeconfig, context } = this.#choice;
    return { program: this.#kubectl ?? 'kubectl', kubeconfig, context };
  }

  lastRelays(): readonly Relay[] {
    return lastForwards(this.paths.state);
  }

  address(): string {
    return serverOf(this.#choice.kubeconfig, this.#choice.context) ?? '';
  }

  async prepare(): Promise<PlatformParts> {
    this.#kubectl = await findKubectl(this.#root, this.#progress);
    await this.#connect();
    if (this.#choice.registry !== undefined) return makePlatformParts(this.#root, this.#progress, 'pulled');
    // Composing a platform takes the libraries for it: a stop does without.
    const [{ imagesOf }, { platformOf }] = await Promise.all([import('./platform-images.ts'), import('./platform.ts')]);
    return makePlatformParts(this.#root, this.#progress, { built: imagesOf(platformOf(this.#stack)) });
  }

  async start(relays: readonly Relay[]): Promise<void> {
    // Forgotten data may have taken a cluster with it that is made here.
    if (!this.#isConnected) await this.#connect();
    await checkPorts(this.paths.state, relays);
  }

  async importImages(images: readonly BuiltImage[]): Promise<void> {
    const { state } = this.paths;
    await loadMissing(this.kubectl, state, images, (missing) =>
      this.#provider.load(missing, path.join(state, 'import')),
    );
  }

  async pruneImages(): Promise<void> {
    // That is for the cluster's own garbage collection: it is not ours alone.
  }

  async relay(relays: readonly Relay[]): Promise<void> {
    await startForwards(this.kubectl, this.paths.state, relays);
  }

  async stop(): Promise<void> {
    stopForwards(this.paths.state);
  }

  async remove(): Promise<void> {
    await this.stop();
    const isGone = await this.#provider.delete(this.#choice.id);
    if (!isGone) await this.#destroy();
    rmSync(this.paths.state, { recursive: true, force: true });
    this.#isConnected = !isGone;
  }

  async #connect(): Promise<void> {
    const isNew = await this.#provider.ensure();
    const id = await identifyCluster(this.kubectl);
    if (isNew) this.#provider.claim(id);
    await checkStorage(this.kubectl);
    this.#choice = { ...this.#choice, id };
    this.#isConnected = true;
  }

  /** Deletes all that the stack has in the cluster. */
  async #destroy(): Promise<void> {
    const { paths } = this;
    const files = stackConfigurationFiles(paths.repository, paths.state, this.#stack);
    if (!existsSync(files.inState)) return;
    this.#kubectl ??= await findKubectl(this.#root, this.#progress);
    if ((await identifyCluster(this.kubectl)) !== this.#choice.id) {
      // Another cluster stands under this name now. What it holds is not in our record.
      this.#progress.note(`The cluster that had the platform is gone: only what was kept of it here is removed`);
      return;
    }
    mkdirSync(path.dirname(files.inCheckout), { recursive: true });
    copyFileSync(files.inState, files.inCheckout);
    const tools: Toolchain = await ensureTools(pulumiTools, { progress: this.#progress, paths });
    const cli = cliFor(this.#stack, paths, tools);
    await repairStack(cli, paths, (text) => this.#progress.note(text));
    await pulumi(cli, ['destroy', '--yes', '--skip-preview']);
    rmSync(files.inCheckout, { force: true });
  }
}
