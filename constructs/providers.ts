import type { Duration } from 'cdk8s';
import type { Outside } from './connections.ts';
import type { Problem } from './problem.ts';

/** How long each phase of a call to a provider may take. What is left out is up to the orchestrator. */
export interface ProviderTimeouts {
  readonly connect?: Duration;
  /** Until the headers of a stream. */
  readonly headers?: Duration;
  /** Until the headers of an answer that is no stream: those come when the model has said everything. */
  readonly answer?: Duration;
  /** From the headers to the first content. */
  readonly firstToken?: Duration;
  readonly betweenChunks?: Duration;
  readonly total?: Duration;
}

/** What is known of a provider's model beside its name. */
export interface ProviderModel {
  /** By which callers ask for it. Providers that serve one name stand in for each other. */
  readonly name: string;
  /** The provider's own name for it. @default - the same */
  readonly upstream?: string;
  /** US dollars for a million tokens. @default - it costs nothing */
  readonly price?: { readonly input: number; readonly output: number; readonly cachedInput?: number };
  /** What a call may produce when it does not say, in tokens. @default 4096 */
  readonly maxOutputTokens?: number;
  /** It embeds, and does not chat. @default false */
  readonly embeddings?: boolean;
}

/** A provider of language models. */
export interface Provider {
  /** Lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it speaks: OpenAI's dialect, as most do, or Anthropic's own. @default 'openai-compatible' */
  readonly kind?: 'openai-compatible' | 'anthropic';
  /** Address up to and with the version, for example `http://ollama:11434/v1`. */
  readonly baseUrl: string;
  /** 0 is local and private; higher ones leave the platform. */
  readonly tier: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
  /** Models, by the names that callers use, or with what is known of them. */
  readonly models: readonly (string | ProviderModel)[];
  /** The model that words answers of the RAG; without one in any provider they are extractive. @default - none */
  readonly answerModel?: string;
  /** Its key, or the token of an Output. @default - none is needed */
  readonly apiKey?: string;
  /** Key of the Secret that holds it. @default - the provider's name */
  readonly apiKeyName?: string;
  /** @default - the orchestrator's own */
  readonly timeouts?: ProviderTimeouts;
  /** Calls under way at a time, from each replica; more go elsewhere, or are told to come back. @default 512 */
  readonly maxInFlight?: number;
  /** Fields of requests that it does not take: they are left out. @default - none */
  readonly dropParameters?: readonly string[];
  /** Headers of callers that it gets, such as `anthropic-beta`; never credentials. @default - none */
  readonly forwardHeaders?: readonly string[];
  /** Addresses behind it, for the network policy. Left out where it is a workload that a connection leads to. @default - none */
  readonly at?: Outside;
}

/** Where the orchestrator finds the keys: one file per provider. */
const keysFolder = '/etc/orchestrator/keys';

/** The file that the orchestrator reads. Keys stand in files of their own, so that it holds no secret. */
export function providersFile(providers: readonly Provider[]): string {
  const entries = providers.map(
    ({ name, kind, baseUrl, tier, models, answerModel, apiKey, apiKeyName = name, timeouts, ...rest }) => ({
      name,
      kind: kind ?? 'openai-compatible',
      baseUrl,
      tier,
      models,
      ...(answerModel !== undefined && { answerModel }),
      ...(apiKey !== undefined && { apiKeyFile: `${keysFolder}/${apiKeyName}` }),
      ...(timeouts && { timeouts: inMilliseconds(timeouts) }),
      ...(rest.maxInFlight !== undefined && { maxInFlight: rest.maxInFlight }),
      ...(rest.dropParameters && { dropParameters: rest.dropParameters }),
      ...(rest.forwardHeaders && { forwardHeaders: rest.forwardHeaders }),
    }),
  );
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** Content of the Secret: the key of each provider that has one. */
export function providerKeys(providers: readonly Provider[]): Record<string, string> {
  return Object.fromEntries(
    providers.flatMap(({ name, apiKey, apiKeyName = name }): [string, string][] =>
      apiKey === undefined ? [] : [[apiKeyName, apiKey]],
    ),
  );
}

/** Port of a provider's address. */
export function providerPort({ baseUrl }: Provider): number {
  const { port, protocol } = new URL(baseUrl);
  return port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port);
}

/** What is wrong with a list of providers. */
export function checkProviders(providers: readonly Provider[]): readonly Problem[] {
  return providers.flatMap((provider, index) => {
    const found: Problem[] = [];
    const add = (field: string, value: unknown, cure: string) =>
      found.push({ path: `providers[${index}].${field}`, value, cure });
    const { name, baseUrl, answerModel } = provider;
    const models = provider.models.map((model) => (typeof model === 'string' ? model : model.name));
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) add('name', name, 'use lower-case letters, digits and hyphens');
    if (providers.findIndex((other) => other.name === name) < index) add('name', name, 'name each provider once');
    if (!/^https?:\/\/[^/]/.test(baseUrl) || !URL.canParse(baseUrl)) {
      add('baseUrl', baseUrl, 'write it with the version, such as http://ollama:11434/v1');
    }
    if (models.length === 0) add('models', models, 'name at least one');
    const { apiKeyName } = provider;
    if (apiKeyName !== undefined && !/^[A-Za-z0-9._-]{1,253}$/.test(apiKeyName)) {
      add('apiKeyName', apiKeyName, 'use letters, digits, dots, hyphens and underscores');
    }
    if (answerModel !== undefined && !models.includes(answerModel)) {
      add('answerModel', answerModel, `name one of ${models.join(', ')}`);
    }
    if (answerModel !== undefined && provider.models.some((model) => isEmbedder(model, answerModel))) {
      add('answerModel', answerModel, 'it embeds, and cannot word answers: name one that chats');
    }
    if (new Set(models).size < models.length) add('models', models, 'name each model once');
    for (const [at, model] of provider.models.entries()) checkModel(model, `models[${at}]`, add);
    const { maxInFlight, forwardHeaders = [], dropParameters = [] } = provider;
    if (maxInFlight !== undefined && !(Number.isInteger(maxInFlight) && maxInFlight > 0)) {
      add('maxInFlight', maxInFlight, 'use a whole number above 0');
    }
    for (const [field, names] of Object.entries({ forwardHeaders, dropParameters })) {
      for (const wrong of names.filter((each) => !/^[\w-]{1,64}$/.test(each))) {
        add(field, wrong, 'use letters, digits, hyphens and underscores');
      }
    }
    for (const header of forwardHeaders.filter((each) => credentials.test(each))) {
      add('forwardHeaders', header, 'a provider never gets the credentials of callers: leave it out');
    }
    return found;
  });
}

/** Headers with which callers identify themselves. */
const credentials = /^(authorization|x-api-key|cookie|proxy-.*)$/i;

function isEmbedder(model: string | ProviderModel, name: string): boolean {
  return typeof model !== 'string' && model.name === name && model.embeddings === true;
}

function checkModel(
  model: string | ProviderModel,
  path: string,
  add: (field: string, value: unknown, cure: string) => void,
) {
  if (typeof model === 'string') return;
  for (const [field, dollars] of Object.entries(model.price ?? {})) {
    if (!(dollars >= 0 && Number.isFinite(dollars))) {
      add(`${path}.price.${field}`, dollars, 'use US dollars for a million tokens, 0 or more');
    }
  }
  const { maxOutputTokens } = model;
  if (maxOutputTokens !== undefined && !(Number.isInteger(maxOutputTokens) && maxOutputTokens > 0)) {
    add(`${path}.maxOutputTokens`, maxOutputTokens, 'use a whole number of tokens above 0');
  }
}

function inMilliseconds(timeouts: ProviderTimeouts): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timeouts).flatMap(([phase, time]: [string, Duration | undefined]): [string, number][] =>
      time === undefined ? [] : [[phase, time.toMilliseconds()]],
    ),
  );
}
