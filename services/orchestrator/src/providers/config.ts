import { isRecord } from '../json.ts';
import { type ModelConfig, parseModels } from './config-models.ts';
import { DEFAULT_TIMEOUTS, type PhaseTimeouts, parseTimeouts } from './config-timeouts.ts';

export type { ModelConfig } from './config-models.ts';
export { DEFAULT_TIMEOUTS, type PhaseTimeouts } from './config-timeouts.ts';

/** What a provider speaks. */
export type ProviderKind =
  /** Ollama, Jan, vLLM, Fireworks, Together, OpenAI */
  | 'openai-compatible'
  /** Anthropic's Messages API */
  | 'anthropic';

/** A configured provider of language models. */
export interface ProviderConfig {
  readonly name: string;
  readonly kind: ProviderKind;
  /** The address up to and with the version: http://ollama:11434/v1, https://api.anthropic.com/v1 */
  readonly baseUrl: string;
  /** 0 is local and private; higher tiers leave the platform. */
  readonly tier: number;
  /** Never empty. */
  readonly models: readonly ModelConfig[];
  /** A mounted secret with the key; read again when it changes. */
  readonly apiKeyFile: string | undefined;
  /** The model that words the answers of /api/v1/query; without one in any provider they are extractive. */
  readonly answerModel: string | undefined;
  readonly timeouts: PhaseTimeouts;
  /** Calls under way at a time; more go elsewhere, or are told to come back. @default 512 */
  readonly maxInFlight?: number | undefined;
  /** Fields of the request that this provider does not take; they are left out. @default none */
  readonly dropParameters?: readonly string[] | undefined;
  /** Headers of callers that this provider gets, such as `anthropic-beta`. @default none */
  readonly forwardHeaders?: readonly string[] | undefined;
}

/** One thing that is wrong with the file. */
export interface ProviderProblem {
  /** The field inside the file, as `[0].baseUrl`. */
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

/** Reports a problem with a field of the provider at hand. */
export type Wrong = (field: string, problem: string, cure: string) => void;

const WRITE_A_LIST = 'Write a JSON list of providers; an empty list is fine.';

/** Parses PROVIDERS_FILE: a JSON list of providers. */
export function parseProviders(text: string): {
  readonly providers: ProviderConfig[];
  readonly problems: ProviderProblem[];
} {
  const problems: ProviderProblem[] = [];
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    problems.push({ path: '', problem: 'is not valid JSON', cure: WRITE_A_LIST });
    return { providers: [], problems };
  }
  if (!Array.isArray(given)) {
    problems.push({ path: '', problem: 'is not a list', cure: WRITE_A_LIST });
    return { providers: [], problems };
  }
  const providers = given.map((entry: unknown, at) => parseProvider(entry, `[${at}]`, problems));
  for (const [at, provider] of providers.entries()) {
    if (providers.findIndex((other) => other.name === provider.name) < at) {
      problems.push({
        path: `[${at}].name`,
        problem: `"${provider.name}" is there twice`,
        cure: 'Give each provider a name of its own.',
      });
    }
  }
  return { providers, problems };
}

const FIELDS = [
  'name',
  'kind',
  'baseUrl',
  'tier',
  'models',
  'apiKeyFile',
  'answerModel',
  'timeouts',
  'maxInFlight',
  'dropParameters',
  'forwardHeaders',
];

const KINDS: readonly ProviderKind[] = ['openai-compatible', 'anthropic'];

/** What a provider must never get from a caller: credentials, and what belongs to one connection. */
const NEVER_FORWARDED =
  /^(authorization|x-api-key|cookie|proxy-.*|host|connection|content-.*|transfer-encoding|te|trailer|upgrade|keep-alive|expect|accept.*)$/;

function parseProvider(entry: unknown, path: string, problems: ProviderProblem[]): ProviderConfig {
  const fields: Record<string, unknown> = isRecord(entry) ? entry : {};
  const wrong: Wrong = (field, problem, cure) => problems.push({ path: `${path}${field}`, problem, cure });
  if (!isRecord(entry)) wrong('', 'is not an object', 'Write an object with name, kind, baseUrl, tier and models.');
  for (const field of Object.keys(fields)) {
    if (!FIELDS.includes(field)) wrong(`.${field}`, 'is not a field of a provider', `Use ${FIELDS.join(', ')}.`);
  }
  const { name, baseUrl, tier, apiKeyFile, answerModel, maxInFlight } = fields;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    wrong('.name', 'is not a name', 'Use lower case letters, digits and dashes.');
  }
  const kind = KINDS.find((known) => known === fields.kind);
  if (kind === undefined) wrong('.kind', 'is not a known kind', 'Use "openai-compatible" or "anthropic".');
  if (typeof baseUrl !== 'string' || !/^https?:\/\/[^/]/.test(baseUrl) || !URL.canParse(baseUrl)) {
    wrong('.baseUrl', 'is not an address', 'Write it with the version, such as http://ollama:11434/v1.');
  } else if (new URL(baseUrl).username !== '' || new URL(baseUrl).password !== '') {
    wrong('.baseUrl', 'holds credentials', 'Put the key into a mounted secret and name it in apiKeyFile.');
  }
  if (typeof tier !== 'number' || !Number.isInteger(tier) || tier < 0 || tier > 9) {
    wrong('.tier', 'is not a tier', 'Use 0 for a local, private provider, 1 to 9 for others.');
  }
  const models = parseModels(fields.models, wrong);
  if (apiKeyFile !== undefined && typeof apiKeyFile !== 'string')
    wrong('.apiKeyFile', 'is not a path', 'Write the path of a mounted secret.');
  if (answerModel !== undefined && !models.some((model) => model.name === answerModel && !model.embeddings)) {
    wrong('.answerModel', 'is not one of `models`', 'Name one of them, or leave it out for extractive answers.');
  }
  if (
    maxInFlight !== undefined &&
    !(typeof maxInFlight === 'number' && Number.isInteger(maxInFlight) && maxInFlight > 0)
  ) {
    wrong('.maxInFlight', 'is not a number of calls', 'Write a whole number above 0.');
  }
  const forwardHeaders = parseNames(fields.forwardHeaders, '.forwardHeaders', wrong)?.map((each) => each.toLowerCase());
  for (const header of forwardHeaders ?? []) {
    if (NEVER_FORWARDED.test(header))
      wrong('.forwardHeaders', `"${header}" is never passed on`, 'Leave it out; keys go into apiKeyFile.');
  }
  return {
    name: typeof name === 'string' ? name : path,
    kind: kind ?? 'openai-compatible',
    baseUrl: typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/, '') : '',
    tier: typeof tier === 'number' ? tier : 0,
    models,
    apiKeyFile: typeof apiKeyFile === 'string' ? apiKeyFile : undefined,
    answerModel: typeof answerModel === 'string' ? answerModel : undefined,
    timeouts: parseTimeouts(fields.timeouts, wrong) ?? DEFAULT_TIMEOUTS,
    maxInFlight: typeof maxInFlight === 'number' ? maxInFlight : undefined,
    dropParameters: parseNames(fields.dropParameters, '.dropParameters', wrong),
    forwardHeaders,
  };
}

function parseNames(given: unknown, field: string, wrong: Wrong): string[] | undefined {
  if (given === undefined) return undefined;
  const names = Array.isArray(given)
    ? given.filter((name): name is string => typeof name === 'string' && /^[\w-]{1,64}$/.test(name))
    : [];
  if (!Array.isArray(given) || names.length !== given.length) {
    wrong(field, 'is not a list of names', 'Write a list of names in quotes.');
  }
  return names;
}
