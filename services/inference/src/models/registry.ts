import type { SessionInfo } from '../engine/protocol.ts';
import { ApiError } from '../errors/api-error.ts';
import type { Model } from './model.ts';
import { compareVersions, type ModelFolder, type ModelRepository, type ModelVersion } from './repository.ts';
import { newest, Traffic, type Weights } from './traffic.ts';

/** Where a version stands, with why it does not serve, or what is to be known although it does. */
export type ModelState =
  | { readonly state: 'unloaded' }
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly model: Model; readonly reason?: string; readonly session: SessionInfo }
  | { readonly state: 'unloading' }
  | { readonly state: 'failed'; readonly reason: string };

export type ModelEntry = ModelState & ModelVersion;

export interface RegistryOptions {
  readonly repository: ModelRepository;
  /** Reads a model from its folder. */
  readonly read: (folder: ModelFolder) => Promise<Model>;
  /** Opens its sessions. */
  readonly open: (model: Model) => Promise<SessionInfo>;
  /** Closes its sessions. */
  readonly close: (model: Model) => Promise<void>;
  /** Called when the state of a version changed. */
  readonly onChange?: (entry: ModelEntry) => void;
  /** Shares of requests by model and version. @default - the newest version answers */
  readonly weights?: Readonly<Record<string, Weights>>;
}

/** What to load at the start: everything, or these; without a version, all that the model has. */
export type StartModels = 'all' | readonly { readonly name: string; readonly version?: string }[];

/** What to load of a model later on. */
export interface LoadRequest {
  /** @default - those of `weights` that do not serve yet; without either, all that do not serve yet */
  readonly versions?: readonly string[];
  /** Shares of requests from then on. @default - as they are */
  readonly weights?: Weights;
}

interface Loaded {
  readonly folder: ModelFolder;
  /** Requests that are being answered with it. */
  users: number;
  whenUnused: PromiseWithResolvers<void> | undefined;
}

/**
 * The models that this server knows, by name and version. Loading one never touches the others: a version that fails
 * is remembered with its reason, and those that serve go on, the one that was to be replaced among them.
 */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #models = new Map<string, Map<string, ModelState>>();
  readonly #loaded = new Map<Model, Loaded>();
  readonly #traffic = new Traffic();
  /** Versions that have to serve for this server to be ready, and whole requests that could not be followed. */
  readonly #required = new Set<string>();
  #problem: string | undefined;
  #started = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RegistryOptions) {
    this.#options = options;
    for (const [name, weights] of Object.entries(options.weights ?? {})) this.#traffic.set(name, weights);
  }

  /** Every model was tried once. */
  get started(): boolean {
    return this.#started;
  }

  /** Every version, by name and then by version. */
  entries(): ModelEntry[] {
    return [...this.#models]
      .flatMap(([name, versions]) => [...versions].map(([version, state]) => ({ name, version, ...state })))
      .sort(compareVersions);
  }

  /** Why this server should get no traffic; none when it should. */
  problems(): string[] {
    const failed = this.entries().flatMap((entry) =>
      entry.state === 'failed' && this.#required.has(id(entry)) ? [`${id(entry)}: ${entry.reason}`] : [],
    );
    if (this.#problem !== undefined) failed.push(this.#problem);
    if (!this.#started) failed.push('the models are being loaded');
    return failed;
  }

  /**
   * Loads what should serve from the start, and never throws: what fails is in {@link problems}. Called again, it
   * tries what failed.
   */
  async start(models: StartModels): Promise<void> {
    await this.#exclusively(async () => {
      try {
        const found = await this.#find();
        const wanted = select(found, models, this.#options.repository.location);
        this.#problem = wanted.length === 0 && models === 'all' ? this.#nothing() : undefined;
        for (const version of wanted) this.#required.add(id(version));
        const left = wanted.filter((version) => this.#get(version)?.state !== 'ready');
        // Known before the first is loaded, so that asking for one meanwhile says that it is coming.
        for (const version of left) this.#set(version, { state: 'loading' });
        for (const version of left) await this.#load(version);
      } catch (error) {
        this.#problem = error instanceof StartError ? error.message : this.#unreadable(error);
      } finally {
        this.#started = true;
      }
    });
  }

  /**
   * Loads versions of a model, beside those that serve. One that serves already is read again and replaced, once the
   * new one is ready.
   *
   * @throws ApiError when one of them cannot be loaded; all that could be, are
   */
  async load(name: string, { versions, weights }: LoadRequest = {}): Promise<void> {
    await this.#exclusively(async () => {
      const found = await this.#findOf(name);
      const wanted = versions ?? this.#notReady(name, weights === undefined ? found : positive(weights));
      for (const version of wanted) {
        if (!found.includes(version)) throw this.#noVersion(name, version, found);
      }
      const serving = this.#ready(name).concat(wanted);
      for (const version of positive(weights ?? {})) {
        if (!serving.includes(version)) {
          throw new ApiError('invalid_request', `weights names version ${version} of "${name}", which is not loaded`, {
            path: 'parameters.weights',
            cure: 'Load it in the same request, or give it the weight 0.',
          });
        }
      }
      const failures: string[] = [];
      for (const version of wanted) {
        const reason = await this.#load({ name, version });
        if (reason !== undefined) failures.push(`version ${version}: ${reason}`);
      }
      if (failures.length > 0) {
        throw new ApiError('model_load_failed', `"${name}" could not be loaded; ${failures.join('; ')}`, {
          path: 'model',
        });
      }
      if (weights !== undefined) this.#traffic.set(name, weights);
    });
  }

  /**
   * Takes a version, or all of a model, out of service. Requests that it is answering are finished.
   *
   * @throws ApiError when the server does not know it
   */
  async unload(name: string, version?: string): Promise<void> {
    await this.#exclusively(async () => {
      const versions = this.#versionsOf(name);
      if (version !== undefined && !versions.has(version)) throw this.#noVersion(name, version, [...versions.keys()]);
      for (const one of version === undefined ? [...versions.keys()] : [version]) {
        const model = { name, version: one };
        this.#required.delete(id(model));
        const state = versions.get(one);
        if (state?.state === 'ready') {
          this.#set(model, { state: 'unloading' });
          await this.#retire(state.model);
        }
        this.#set(model, { state: 'unloaded' });
      }
    });
  }

  /** The versions of a model that the server knows; none for an unknown model. */
  versions(name: string): string[] {
    return [...(this.#models.get(name)?.keys() ?? [])].sort((a, b) => Number(a) - Number(b));
  }

  /** Shares of a model's requests by version; none when its newest version answers them. */
  weights(name: string): Weights {
    return this.#traffic.weights(name);
  }

  /**
   * The model to look at: the version given, or the newest that is ready.
   *
   * @throws ApiError when it is unknown or not ready
   */
  resolve(name: string, version?: string): Model {
    return this.#pick(name, version, (ready) => newest(ready));
  }

  /**
   * Answers a request with a model: the version given, or the one whose turn it is. Until the answer is there, the
   * model is not unloaded.
   *
   * @throws ApiError when it is unknown or not ready
   */
  async use<Result>(
    name: string,
    version: string | undefined,
    answer: (model: Model) => Promise<Result>,
  ): Promise<Result> {
    const model = this.#pick(name, version, (ready) => this.#traffic.next(name, ready));
    const loaded = this.#loaded.get(model);
    if (loaded === undefined) throw new Error(`${id(model)} is ready without being loaded`);
    loaded.users += 1;
    try {
      return await answer(model);
    } finally {
      loaded.users -= 1;
      if (loaded.users === 0) loaded.whenUnused?.resolve();
    }
  }

  #pick(name: string, version: string | undefined, choose: (ready: readonly string[]) => string | undefined): Model {
    const versions = this.#versionsOf(name);
    if (version !== undefined) {
      const state = versions.get(version);
      if (state === undefined) throw this.#noVersion(name, version, [...versions.keys()]);
      return serving({ name, version }, state);
    }
    const chosen = choose(this.#ready(name));
    const state = chosen === undefined ? undefined : versions.get(chosen);
    if (chosen !== undefined && state !== undefined) return serving({ name, version: chosen }, state);
    if (this.#ready(name).length > 0) {
      throw new ApiError('model_not_ready', `no version of "${name}" with a weight above 0 is ready`, {
        path: 'model',
      });
    }
    const [first] = versions;
    if (first === undefined) throw new ApiError('model_not_found', `"${name}" has no version`, { path: 'model' });
    return serving({ name, version: first[0] }, first[1]);
  }

  /** Loads one version; returns why it could not. One that serves is replaced only when the new one is ready. */
  async #load(version: ModelVersion): Promise<string | undefined> {
    const before = this.#get(version);
    if (before?.state !== 'ready') this.#set(version, { state: 'loading' });
    let folder: ModelFolder | undefined;
    try {
      folder = await this.#options.repository.fetch(version);
      const model = await this.#options.read(folder);
      const session = await this.#options.open(model);
      this.#loaded.set(model, { folder, users: 0, whenUnused: undefined });
      this.#set(version, { state: 'ready', model, session });
      if (before?.state === 'ready') await this.#retire(before.model);
      return undefined;
    } catch (error) {
      const reason = message(error);
      if (folder !== undefined) await this.#release(folder);
      if (before?.state === 'ready') {
        this.#set(version, { ...before, reason: `loading it again failed, what was loaded before serves: ${reason}` });
      } else this.#set(version, { state: 'failed', reason });
      return reason;
    }
  }

  /** Waits for the requests that a model is answering, and closes it. */
  async #retire(model: Model): Promise<void> {
    const loaded = this.#loaded.get(model);
    if (loaded === undefined) return;
    if (loaded.users > 0) {
      loaded.whenUnused = Promise.withResolvers<void>();
      await loaded.whenUnused.promise;
    }
    this.#loaded.delete(model);
    await this.#options.close(model);
    await this.#release(loaded.folder);
  }

  /** Gives a folder back that nothing is served from. */
  async #release(folder: ModelFolder): Promise<void> {
    const used = [...this.#loaded.values()].some((loaded) => loaded.folder.path === folder.path);
    if (!used) await this.#options.repository.release(folder);
  }

  /** One change after the other, in the order in which they were asked for. */
  #exclusively(change: () => Promise<void>): Promise<void> {
    const next = this.#last.then(change);
    // Whoever comes next waits for the end, and has nothing to do with how it ended.
    this.#last = next.catch(() => {});
    return next;
  }

  /** All that the repository has; what was not known is from now on. */
  async #find(): Promise<readonly ModelVersion[]> {
    const found = await this.#options.repository.find();
    for (const version of found) if (this.#get(version) === undefined) this.#set(version, { state: 'unloaded' });
    return found;
  }

  async #findOf(name: string): Promise<string[]> {
    let found: readonly ModelVersion[];
    try {
      found = await this.#find();
    } catch (error) {
      throw new ApiError('model_load_failed', this.#unreadable(error), { path: 'model', cause: error });
    }
    const versions = found.filter((model) => model.name === name).map(({ version }) => version);
    if (versions.length > 0) return versions;
    const names = [...new Set(found.map((model) => `"${model.name}"`))].join(', ');
    const { location } = this.#options.repository;
    throw new ApiError('model_not_found', `${location} has no model "${name}"; it has ${names || 'none'}`, {
      path: 'model',
    });
  }

  #versionsOf(name: string): ReadonlyMap<string, ModelState> {
    const versions = this.#models.get(name);
    if (versions !== undefined) return versions;
    const known = [...this.#models.keys()].map((other) => `"${other}"`).join(', ');
    throw new ApiError('model_not_found', `the model "${name}" is not served here; served: ${known || 'none'}`, {
      path: 'model',
    });
  }

  #ready(name: string): string[] {
    return this.versions(name).filter((version) => this.#get({ name, version })?.state === 'ready');
  }

  #notReady(name: string, versions: readonly string[]): string[] {
    return versions.filter((version) => this.#get({ name, version })?.state !== 'ready');
  }

  #noVersion(name: string, version: string, known: readonly string[]): ApiError {
    return new ApiError('model_not_found', `"${name}" has no version "${version}"; versions: ${known.join(', ')}`, {
      path: 'version',
    });
  }

  #nothing(): string {
    const { location } = this.#options.repository;
    return `${location} has no model. Put one into ${location}/<name>/<version>/, with a number as its version.`;
  }

  #unreadable(error: unknown): string {
    const { location, setting } = this.#options.repository;
    return `${location} cannot be read: ${message(error)}. Check ${setting} and what it names.`;
  }

  #get({ name, version }: ModelVersion): ModelState | undefined {
    return this.#models.get(name)?.get(version);
  }

  #set({ name, version }: ModelVersion, state: ModelState): void {
    const versions = this.#models.get(name) ?? new Map<string, ModelState>();
    versions.set(version, state);
    this.#models.set(name, versions);
    this.#options.onChange?.({ name, version, ...state });
  }
}

/** What was asked for at the start cannot be followed. */
class StartError extends Error {}

function select(found: readonly ModelVersion[], models: StartModels, location: string): readonly ModelVersion[] {
  if (models === 'all') return found;
  return models.flatMap(({ name, version }) => {
    const matching = found.filter((one) => one.name === name && (version === undefined || one.version === version));
    if (matching.length > 0) return matching;
    const what = version === undefined ? name : `${name}:${version}`;
    throw new StartError(
      `${location} has no "${what}", which LOAD_MODELS names. Put it there, or correct LOAD_MODELS.`,
    );
  });
}

function id({ name, version }: ModelVersion): string {
  return `${name}/${version}`;
}

function positive(weights: Weights): string[] {
  return Object.entries(weights).flatMap(([version, weight]) => (weight > 0 ? [version] : []));
}

function serving({ name, version }: ModelVersion, state: ModelState): Model {
  const refuse = (problem: string): ApiError =>
    new ApiError('model_not_ready', `"${name}" version ${version} ${problem}`, { path: 'model' });
  switch (state.state) {
    case 'ready':
      return state.model;
    case 'loading':
      throw refuse('is being loaded');
    case 'unloading':
      throw refuse('is being unloaded');
    case 'unloaded':
      throw refuse('is not loaded');
    case 'failed':
      throw refuse('could not be loaded');
  }
}

/** Errors of a core module are of another realm in some hosts, so what has a message counts. */
function message(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return String(error.message) || String('name' in error ? error.name : error);
}
