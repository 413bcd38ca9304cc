import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { BuiltImage } from '../images/index.ts';
import { type AddonImages, applyAddons } from './addons.ts';
import { discardHalfInitialised, initialise, isInitialised } from './control-plane.ts';
import { importImages, pruneImages } from './images.ts';
import { type Kubectl, kubectl } from './kubectl.ts';
import { type ClusterLayout, network, nodeName } from './layout.ts';
import { Node, type NodeParts } from './node.ts';
import { type Relay, startRelays, stopRelays } from './relays.ts';

/** Port of the host's loopback that leads to the API server unless another is asked for. */
export const defaultApiPort = 16443;

export const apiRelay = (port: number = defaultApiPort): Relay => ({
  name: 'kubernetes',
  port,
  target: network.nodeAddress,
  targetPort: network.apiPort,
});

/**
 * The embedded Kubernetes: one node in namespaces of its own. Each step can be taken again and then only does what is missing.
 */
export class Cluster {
  readonly #layout: ClusterLayout;
  readonly #kubectl: Kubectl;
  readonly node: Node;

  /** @param kubectlProgram - path of kubectl on the host */
  constructor(layout: ClusterLayout, kubectlProgram: string) {
    this.#layout = layout;
    this.#kubectl = { program: kubectlProgram, kubeconfig: layout.kubeconfig };
    this.node = new Node(layout);
  }

  get kubectl(): Kubectl {
    return this.#kubectl;
  }

  /**
   * Brings the node and its control plane up. A node of other parts, or the remains of a killed one, are cleared away first.
   *
   * @param images - what the control plane itself runs from
   */
  async start(parts: NodeParts, images: readonly BuiltImage[], apiPort: number = defaultApiPort): Promise<void> {
    mkdirSync(this.#layout.folder, { recursive: true, mode: 0o700 });
    if (!this.node.runsFrom(parts)) {
      await this.stop();
      discardHalfInitialised(this.#layout);
      await this.node.start(parts);
    }
    await importImages(this.node, this.#layout, images);
    if (!isInitialised(this.#layout)) await initialise(this.node, this.#layout);
    this.#writeKubeconfig(apiPort);
  }

  /** Opens the ports on the host's loopback. */
  async relay(relays: readonly Relay[]): Promise<void> {
    const pid = this.node.pid;
    if (pid === undefined) throw new Error(`cluster "${this.#layout.name}" does not run: start it with npm start`);
    await startRelays(this.#layout, pid, relays);
  }

  /** Waits until the API server answers and the node takes pods. Needs the API server's relay. */
  async untilReady(seconds = 180): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    let problem = '';
    while (Date.now() < deadline) {
      try {
        const status = '{.status.conditions[?(@.type=="Ready")].status}';
        const answer = await kubectl(this.#kubectl, [
          'get',
          'node',
          nodeName,
          '--request-timeout=5s',
          '-o',
          `jsonpath=${status}`,
        ]);
        if (answer === 'True') return;
        problem = `node ${nodeName} is not ready`;
      } catch (error) {
        problem = error instanceof Error ? error.message : String(error);
      }
      await delay(250);
    }
    throw new Error(
      `the cluster was not ready after ${seconds} s: ${problem}; logs: ${path.join(this.#layout.node, 'log')}`,
    );
  }

  async addons(images: AddonImages): Promise<void> {
    await applyAddons(this.#kubectl, images);
  }

  /** @returns the references that the node did not have */
  async importImages(images: readonly BuiltImage[]): Promise<readonly string[]> {
    return importImages(this.node, this.#layout, images);
  }

  /** Forgets images of earlier builds. */
  async pruneImages(kept: readonly BuiltImage[]): Promise<void> {
    await pruneImages(this.node, kept);
  }

  /** Ends everything that runs and leaves the state for the next start. */
  async stop(): Promise<void> {
    stopRelays(this.#layout);
    await this.node.stop();
  }

  /** Ends everything and removes the state: volumes, certificates, images. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.#layout.folder, { recursive: true, force: true });
  }

  /** The administrator's credentials with the address that the host can reach. */
  #writeKubeconfig(apiPort: number): void {
    const source = parse(readFileSync(path.join(this.#layout.node, 'kubernetes', 'admin.conf'), 'utf8'));
    const user = source.users[0].user;
    const authority = source.clusters[0].cluster['certificate-authority-data'];
    const text = stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': nodeName,
      contexts: [{ name: nodeName, context: { cluster: nodeName, user: nodeName } }],
      clusters: [
        {
          name: nodeName,
          cluster: { server: `https://127.0.0.1:${apiPort}`, 'certificate-authority-data': authority },
        },
      ],
      users: [{ name: nodeName, user }],
    });
    if (existsSync(this.#layout.kubeconfig) && readFileSync(this.#layout.kubeconfig, 'utf8') === text) return;
    writeFileSync(this.#layout.kubeconfig, text, { mode: 0o600 });
  }
}
