import { AppError } from '../errors/app-error.ts';
import { Backend, type BackendOptions } from './backend.ts';
import type { ModelConfig, ProviderConfig } from './config.ts';

/** A backend and the model that it would serve. */
export interface Served {
  readonly backend: Backend;
  readonly model: ModelConfig;
}

/** The configured providers, the most local first. */
export class Providers {
  readonly list: readonly Backend[];
  /** Who words the answers of /api/v1/query; undefined: nobody, they are extractive. */
  readonly answerModel: string | undefined;
  readonly #served = new Map<string, readonly Served[]>();

  constructor(configs: readonly ProviderConfig[], options: BackendOptions = {}) {
    this.list = [...configs].sort((a, b) => a.tier - b.tier).map((config) => new Backend(config, options));
    const answering = this.list.find(({ config }) => config.answerModel !== undefined);
    // Named with its provider: only that one was told that it may get documents.
    this.answerModel = answering && `${answering.name}/${answering.config.answerModel}`;
    for (const backend of this.list) {
      for (const model of backend.config.models) {
        const served = { backend, model };
        this.#served.set(model.name, [...(this.#served.get(model.name) ?? []), served]);
      }
    }
    for (const backend of this.list) {
      for (const model of backend.config.models) {
        const full = `${backend.name}/${model.name}`;
        if (!this.#served.has(full)) this.#served.set(full, [{ backend, model }]);
      }
    }
  }

  /** Whether some provider embeds. */
  get embeds(): boolean {
    return this.list.some(({ config }) => config.models.some(({ embeddings }) => embeddings));
  }

  /** Names of models, each once, in the order of the tiers, with who serves them first. */
  get models(): readonly { readonly name: string; readonly provider: string; readonly embeddings: boolean }[] {
    const seen = new Map<string, { readonly name: string; readonly provider: string; readonly embeddings: boolean }>();
    for (const { name: provider, config } of this.list)
      for (const { name, embeddings } of config.models)
        if (!seen.has(name)) seen.set(name, { name, provider, embeddings });
    return [...seen.values()];
  }

  /** Whether some provider chats by this name. */
  knows(model: string): boolean {
    return this.#served.get(model)?.some((served) => !served.model.embeddings) ?? false;
  }

  /**
   * Who may serve a model, in the order of trial: by tier, within a tier those with fewer calls under way. A model is named as
   * it is, or as `provider/model` where only that provider will do.
   *
   * @param isPrivate Whether only tier 0 will do.
   * @throws AppError `model_not_found`, `private_unavailable`
   */
  candidates(model: string, isPrivate: boolean, embeddings: boolean): readonly Served[] {
    const all = this.#served.get(model);
    const fitting = all?.every((served) => served.model.embeddings === embeddings)
      ? all
      : (all ?? []).filter((served) => served.model.embeddings === embeddings);
    if (fitting.length === 0) {
      throw new AppError('model_not_found', {
        details: [{ path: 'body.model', problem: 'is served by no configured provider', cure: this.#cure(embeddings) }],
      });
    }
    const allowed = isPrivate ? fitting.filter(({ backend }) => backend.tier === 0) : fitting;
    if (allowed.length === 0) throw new AppError('private_unavailable');
    return allowed.length === 1
      ? allowed
      : allowed.toSorted((a, b) => a.backend.tier - b.backend.tier || a.backend.inFlight - b.backend.inFlight);
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((backend) => backend.close()));
  }

  #cure(embeddings: boolean): string {
    const models = this.list
      .flatMap(({ config }) => config.models)
      .filter((model) => model.embeddings === embeddings)
      .map(({ name }) => name);
    if (models.length === 0)
      return 'An operator has to configure a provider in PROVIDERS_FILE; until then, /api/v1/query answers without a language model.';
    return `Use one of ${[...new Set(models)].slice(0, 20).join(', ')}.`;
  }
}
