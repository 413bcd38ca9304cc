import { ApiError } from '../errors/api-error.ts';
import type { Model } from './model.ts';
import type { ModelFolder } from './repository.ts';

export type ModelState =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly model: Model }
  | { readonly state: 'failed'; readonly reason: string };

export type ModelEntry = ModelState & { readonly name: string; readonly version: string };

export interface RegistryOptions {
  /** Reads a model from its folder. */
  readonly read: (folder: ModelFolder) => Promise<Model>;
  /** Opens its sessions. */
  readonly open: (model: Model) => Promise<void>;
  /** Called when a version became ready or failed. */
  readonly onChange?: (entry: ModelEntry) => void;
}

/**
 * The models that this server knows, by name and version. Loading one never touches the others: a version that fails
 * is remembered with its reason, and those that serve go on.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #models = new Map<string, Map<string, ModelState>>();
  #problem: string | undefined;
  #started = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Every model was tried once. */
  get started(): boolean {
    return this.#started;
  }

  /** Every version, by name and then by version. */
  entries(): ModelEntry[] {
    return [...this.#models].flatMap(([name, versions]) =>
      [...versions].map(([version, state]) => ({ name, version, ...state })),
    );
  }

  /** Why this server should get no traffic; none when it should. */
  problems(): string[] {
    const failed = this.entries().flatMap((entry) =>
      entry.state === 'failed' ? [`${entry.name}/${entry.version}: ${entry.reason}`] : [],
    );
    if (this.#problem !== undefined) failed.push(this.#problem);
    if (!this.#started) failed.push('the models are being loaded');
    return failed;
  }

  /** Loads all that `find` gives, one after the other, and never throws: what fails is in {@link problems}. */
  async loadAll(root: string, find: (root: string) => Promise<readonly ModelFolder[]>): Promise<void> {
    try {
      const folders = await find(root);
      if (folders.length === 0) {
        this.#problem = `${root} has no model. Put one into ${root}/<name>/<version>/, with a number as its version.`;
      }
      // Known before the first is loaded, so that asking for one meanwhile says that it is coming.
      for (const folder of folders) this.#set(folder, { state: 'loading' });
      for (const folder of folders) await this.load(folder);
    } catch (error) {
      this.#problem = `${root} cannot be read: ${message(error)}. Check MODEL_DIR and the volume that it names.`;
    } finally {
      this.#started = true;
    }
  }

  /** Loads one version; a failure is remembered, not thrown. */
  async load(folder: ModelFolder): Promise<void> {
    try {
      const model = await this.#options.read(folder);
      await this.#options.open(model);
      this.#set(folder, { state: 'ready', model });
    } catch (error) {
      this.#set(folder, { state: 'failed', reason: message(error) });
    }
    const state = this.#models.get(folder.name)?.get(folder.version);
    if (state !== undefined) this.#options.onChange?.({ name: folder.name, version: folder.version, ...state });
  }

  /** The versions of a model that the server knows; none for an unknown model. */
  versions(name: string): string[] {
    return [...(this.#models.get(name)?.keys() ?? [])];
  }

  /**
   * The model to ask: the version given, or the newest that is ready.
   *
   * @throws ApiError when it is unknown or not ready
   */
  resolve(name: string, version?: string): Model {
    const versions = this.#models.get(name);
    if (versions === undefined) {
      const known = [...this.#models.keys()].map((other) => `"${other}"`).join(', ');
      throw new ApiError('model_not_found', `the model "${name}" is not served here; served: ${known || 'none'}`, {
        path: 'model',
      });
    }
    if (version !== undefined) {
      const state = versions.get(version);
      if (state === undefined) {
        const known = [...versions.keys()].join(', ');
        throw new ApiError('model_not_found', `"${name}" has no version "${version}"; versions: ${known}`, {
          path: 'version',
        });
      }
      return ready(name, version, state);
    }
    let newest: Model | undefined;
    for (const state of versions.values()) {
      if (state.state !== 'ready') continue;
      if (newest === undefined || Number(state.model.version) > Number(newest.version)) newest = state.model;
    }
    if (newest !== undefined) return newest;
    const [first] = versions;
    if (first === undefined) throw new ApiError('model_not_found', `"${name}" has no version`, { path: 'model' });
    return ready(name, ...first);
  }

  #set({ name, version }: ModelFolder, state: ModelState): void {
    const versions = this.#models.get(name) ?? new Map<string, ModelState>();
    versions.set(version, state);
    this.#models.set(name, versions);
  }
}

function ready(name: string, version: string, state: ModelState): Model {
  switch (state.state) {
    case 'ready':
      return state.model;
    case 'loading':
      throw new ApiError('model_not_ready', `"${name}" version ${version} is being loaded`, { path: 'model' });
    case 'failed':
      throw new ApiError('model_not_ready', `"${name}" version ${version} could not be loaded`, { path: 'model' });
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
