import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { JsonObject, Manifest } from '../../../constructs/bridge/manifest.ts';
import { isObject, objectsAt, textAt } from '../../../constructs/bridge/manifest.ts';

/** What the API server says to a request. */
export interface Answer {
  readonly status: number;
  readonly body: JsonObject;
  /** Warnings, such as those of Pod Security. */
  readonly warnings: readonly string[];
}

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The API of a cluster, through `kubectl proxy`: whatever way to log in the kubeconfig has, kubectl knows it. */
export class KubernetesApi {
  readonly #proxy: ChildProcess;
  readonly #base: string;
  readonly #kinds = new Map<string, Promise<ReadonlyMap<string, Kind>>>();

  private constructor(proxy: ChildProcess, base: string) {
    this.#proxy = proxy;
    this.#base = base;
  }

  static async open(kubectl: string, kubeconfig: string): Promise<KubernetesApi> {
    const proxy = spawn(kubectl, ['--kubeconfig', kubeconfig, 'proxy', '--port=0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: proxy.stdout })) {
      const address = /Starting to serve on (\S+)/.exec(line)?.[1];
      if (address !== undefined) return new KubernetesApi(proxy, `http://${address}`);
    }
    throw new Error('kubectl proxy ended before it served');
  }

  close(): void {
    this.#proxy.kill();
  }

  async request(method: string, path: string, body?: string, type = 'application/json'): Promise<Answer> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      ...(body !== undefined && { body, headers: { 'content-type': type } }),
    });
    const text = await response.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    const warnings = response.headers.get('warning') ?? '';
    return {
      status: response.status,
      // The API answers with objects.
      body: parsed as JsonObject,
      warnings: [...warnings.matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, warning = '']) => warning),
    };
  }

  /** Path of the collection that an object belongs to. */
  async collection({ apiVersion, kind, metadata }: Manifest): Promise<string> {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    let kinds = this.#kinds.get(root);
    if (kinds === undefined) {
      kinds = this.#discover(root);
      this.#kinds.set(root, kinds);
    }
    const found = (await kinds).get(kind);
    if (found === undefined) throw new Error(`the cluster knows no ${kind} in ${apiVersion}`);
    const namespace = textAt(metadata, 'namespace');
    return found.namespaced ? `${root}/namespaces/${namespace}/${found.plural}` : `${root}/${found.plural}`;
  }

  /** Makes an object for real; one that is there already is fine. @returns whether it was not there */
  async create(manifest: Manifest): Promise<boolean> {
    const answer = await this.request('POST', await this.collection(manifest), JSON.stringify(manifest));
    if (answer.status === 409) return false;
    if (answer.status >= 300) throw new Error(`${manifest.kind} ${manifest.metadata.name}: ${answer.body.message}`);
    return true;
  }

  async remove(manifest: Manifest): Promise<void> {
    await this.request('DELETE', `${await this.collection(manifest)}/${manifest.metadata.name}`);
  }

  /** What the server would say to a new object. Unknown and repeated fields are errors, and nothing is stored. */
  async dryRun(manifest: Manifest): Promise<Answer> {
    const path = await this.collection(manifest);
    return this.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, JSON.stringify(manifest));
  }

  async #discover(root: string): Promise<ReadonlyMap<string, Kind>> {
    const { body } = await this.request('GET', root);
    return new Map(
      objectsAt(body, 'resources')
        .filter((resource) => isObject(resource) && !String(resource.name).includes('/'))
        .map((resource) => [
          String(resource.kind),
          { plural: String(resource.name), namespaced: resource.namespaced === true },
        ]),
    );
  }
}
