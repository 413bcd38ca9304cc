import { AppError } from '../errors/app-error.ts';
import type { ChatProvider } from '../ports/chat-provider.ts';
import type { ProviderConfig } from './config.ts';
import { OpenAiCompatible } from './openai-compatible.ts';

/** Which provider serves a request, under which name the provider knows the model. */
export interface Route {
  readonly provider: ChatProvider;
  readonly model: string;
}

/** The configured providers, the most local first. */
export class Providers {
  readonly list: readonly ChatProvider[];
  readonly #answers: Route | undefined;

  constructor(configs: readonly ProviderConfig[], create: (config: ProviderConfig) => ChatProvider = createProvider) {
    const sorted = [...configs].sort((a, b) => a.tier - b.tier);
    const made = sorted.map((config) => ({ config, provider: create(config) }));
    this.list = made.map(({ provider }) => provider);
    const answering = made.find(({ config }) => config.answerModel !== undefined);
    this.#answers =
      answering?.config.answerModel === undefined
        ? undefined
        : { provider: answering.provider, model: answering.config.answerModel };
  }

  /** Who words the answers of /api/v1/query; undefined: nobody, they are extractive. */
  get answers(): Route | undefined {
    return this.#answers;
  }

  /**
   * Finds who serves a model: by its name, or by `provider/model` where several serve one of that name.
   *
   * @throws AppError `model_not_found`
   */
  route(model: string): Route {
    for (const provider of this.list) if (provider.models.includes(model)) return { provider, model };
    const slash = model.indexOf('/');
    const provider = this.list.find(({ name }) => name === model.slice(0, slash));
    const rest = model.slice(slash + 1);
    if (provider?.models.includes(rest)) return { provider, model: rest };
    throw new AppError('model_not_found', {
      details: [{ path: 'body.model', problem: 'is served by no configured provider', cure: this.#cure() }],
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((provider) => provider.close()));
  }

  #cure(): string {
    const models = this.list.flatMap((provider) => provider.models).slice(0, 20);
    if (models.length === 0)
      return 'An operator has to configure a provider in PROVIDERS_FILE; until then, /api/v1/query answers without a language model.';
    return `Use one of ${models.join(', ')}.`;
  }
}

function createProvider(config: ProviderConfig): ChatProvider {
  switch (config.kind) {
    case 'openai-compatible':
      return new OpenAiCompatible(config);
  }
}
