/** A configured provider of language models. */
export interface ProviderConfig {
  readonly name: string;
  readonly kind: 'openai-compatible';
  /** The address up to and with the version: http://ollama:11434/v1 */
  readonly baseUrl: string;
  /** 0 is local and private; higher tiers leave the platform. */
  readonly tier: number;
  /** Models served, by the names that callers use. */
  readonly models: readonly string[];
  /** A mounted secret with the key; read again when it changes. */
  readonly apiKeyFile: string | undefined;
  /** The model that words the answers of /api/v1/query; without one in any provider they are extractive. */
  readonly answerModel: string | undefined;
  readonly timeouts: PhaseTimeouts;
}

/** How long each phase of a call may take, in milliseconds. */
export interface PhaseTimeouts {
  readonly connect: number;
  readonly headers: number;
  /** From the headers to the first content. */
  readonly firstToken: number;
  readonly betweenChunks: number;
  readonly total: number;
}

/** Patient enough for a model that is first loaded from disk on a CPU. */
export const DEFAULT_TIMEOUTS: PhaseTimeouts = {
  connect: 2_000,
  headers: 60_000,
  firstToken: 60_000,
  betweenChunks: 30_000,
  total: 600_000,
};

interface Problem {
  /** The field inside the file, as `[0].baseUrl`. */
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

/** Parses PROVIDERS_FILE: a JSON list of providers. */
export function parseProviders(text: string): { readonly providers: ProviderConfig[]; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    problems.push({
      path: '',
      problem: 'is not valid JSON',
      cure: 'Write a JSON list of providers; an empty list is fine.',
    });
    return { providers: [], problems };
  }
  if (!Array.isArray(given)) {
    problems.push({
      path: '',
      problem: 'is not a list',
      cure: 'Write a JSON list of providers; an empty list is fine.',
    });
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

const FIELDS = ['name', 'kind', 'baseUrl', 'tier', 'models', 'apiKeyFile', 'answerModel', 'timeouts'];

function parseProvider(entry: unknown, path: string, problems: Problem[]): ProviderConfig {
  const fields: Record<string, unknown> = isRecord(entry) ? entry : {};
  const wrong = (field: string, problem: string, cure: string) =>
    problems.push({ path: `${path}${field}`, problem, cure });
  if (!isRecord(entry)) wrong('', 'is not an object', 'Write an object with name, kind, baseUrl, tier and models.');
  for (const field of Object.keys(fields)) {
    if (!FIELDS.includes(field)) wrong(`.${field}`, 'is not a field of a provider', `Use ${FIELDS.join(', ')}.`);
  }
  const { name, kind, baseUrl, tier, models, apiKeyFile, answerModel } = fields;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    wrong('.name', 'is not a name', 'Use lower case letters, digits and dashes.');
  }
  if (kind !== 'openai-compatible') wrong('.kind', 'is not a known kind', 'Use "openai-compatible".');
  if (typeof baseUrl !== 'string' || !/^https?:\/\/[^/]/.test(baseUrl) || !URL.canParse(baseUrl)) {
    wrong('.baseUrl', 'is not an address', 'Write it with the version, such as http://ollama:11434/v1.');
  }
  if (typeof tier !== 'number' || !Number.isInteger(tier) || tier < 0 || tier > 9) {
    wrong('.tier', 'is not a tier', 'Use 0 for a local, private provider, 1 to 9 for others.');
  }
  const names = Array.isArray(models) ? models.filter((model) => typeof model === 'string' && model !== '') : [];
  if (!Array.isArray(models) || models.length === 0 || names.length !== models.length) {
    wrong('.models', 'is not a list of model names', 'Name at least one model.');
  }
  if (apiKeyFile !== undefined && typeof apiKeyFile !== 'string')
    wrong('.apiKeyFile', 'is not a path', 'Write the path of a mounted secret.');
  if (answerModel !== undefined && !names.includes(answerModel)) {
    wrong('.answerModel', 'is not one of `models`', 'Name one of them, or leave it out for extractive answers.');
  }
  return {
    name: typeof name === 'string' ? name : path,
    kind: 'openai-compatible',
    baseUrl: typeof baseUrl === 'string' ? baseUrl.replace(/\/+$/, '') : '',
    tier: typeof tier === 'number' ? tier : 0,
    models: names,
    apiKeyFile: typeof apiKeyFile === 'string' ? apiKeyFile : undefined,
    answerModel: typeof answerModel === 'string' ? answerModel : undefined,
    timeouts: parseTimeouts(fields.timeouts, wrong),
  };
}

function parseTimeouts(given: unknown, wrong: (field: string, problem: string, cure: string) => void): PhaseTimeouts {
  if (given === undefined) return DEFAULT_TIMEOUTS;
  if (!isRecord(given)) {
    wrong('.timeouts', 'is not an object', `Use milliseconds for ${Object.keys(DEFAULT_TIMEOUTS).join(', ')}.`);
    return DEFAULT_TIMEOUTS;
  }
  const merged: Record<keyof PhaseTimeouts, number> = { ...DEFAULT_TIMEOUTS };
  for (const [phase, value] of Object.entries(given)) {
    if (!isPhase(phase))
      wrong(`.timeouts.${phase}`, 'is not a phase', `Use ${Object.keys(DEFAULT_TIMEOUTS).join(', ')}.`);
    else if (typeof value !== 'number' || !(value > 0))
      wrong(`.timeouts.${phase}`, 'is not a time', 'Use milliseconds above 0.');
    else merged[phase] = value;
  }
  return merged;
}

function isPhase(name: string): name is keyof PhaseTimeouts {
  return name in DEFAULT_TIMEOUTS;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
