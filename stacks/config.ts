import { getStack, type Output, RunError, secret } from '@pulumi/pulumi';
import { allConfig } from '@pulumi/pulumi/runtime/index.js';
import { type Problem, problem } from '../constructs/problem.ts';
import { type EnvironmentName, environments, isEnvironmentName } from './environments.ts';
import { isPlatformName, type PlatformName, platforms } from './platforms/index.ts';

/** What the configuration of a stack says, checked. */
export interface Settings {
  readonly platform: PlatformName;
  readonly environment: EnvironmentName;
  /** Image by its name in the catalogue: what wins over the catalogue's own reference. */
  readonly images: Readonly<Record<string, string>>;
  /** Registry and prefix of the images that the team builds itself. */
  readonly registry?: string;
  /** Domain below which the hosts of the platform lie. */
  readonly domain?: string;
  /** Context of the kubeconfig that KUBECONFIG names. */
  readonly kubeContext?: string;
  /** Who may do what in a cluster that the stack makes: ARNs of IAM roles by `admins`, `deployers`, `operators` and `viewers`. */
  readonly access: Readonly<Partial<Record<AccessKind, readonly string[]>>>;
  /** Ranges of addresses that reach the API server of a cluster that the stack makes, from outside its network. */
  readonly apiServerCidrs: readonly string[];
  /** Values of the secrets that the platform needs, by name. Never to be logged: {@link hide} them first. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Nodes with GPUs that the local cluster pretends to have. */
  readonly simulatedGpuNodes: number;
}

/** Every mistake of a configuration at once. A RunError, because Pulumi shows those without a stack trace. */
export class ConfigurationError extends RunError {
  readonly problems: readonly Problem[];

  constructor(stack: string, problems: readonly Problem[]) {
    super(
      `The configuration of stack "${stack}" does not work:\n${problems.map((each) => `  - ${problem(each)}`).join('\n')}`,
    );
    this.problems = problems;
  }
}

const prefix = 'keelson:';
const keys = [
  'platform',
  'environment',
  'images',
  'registry',
  'domain',
  'kubeContext',
  'access',
  'apiServerCidrs',
  'secrets',
  'simulatedGpuNodes',
] as const;
type Key = (typeof keys)[number];

/** Shortest secret that is taken: 16 characters from a generator are beyond guessing. */
const shortestSecret = 16;
/** What configuration files and URLs take without quoting. */
const safeSecret = /^[A-Za-z0-9_-]+$/;

/**
 * Checks the raw configuration of a stack. Pure: key to text, as Pulumi hands it over.
 *
 * Throws a {@link ConfigurationError} with all mistakes. Values of secrets are in none of its messages.
 */
export function parseSettings(stack: string, raw: Readonly<Record<string, string>>): Settings {
  const problems: Problem[] = [];
  const report = (path: string, value: unknown, cure: string): undefined => {
    problems.push({ path: `${prefix}${path}`, value, cure });
  };
  const text = (key: Key): string | undefined => {
    const value = raw[`${prefix}${key}`];
    return value === '' ? report(key, '', `give it a value, or remove it: pulumi config rm ${prefix}${key}`) : value;
  };
  for (const key of Object.keys(raw)) {
    const own = key.startsWith(prefix) && !keys.some((known) => key === `${prefix}${known}`);
    if (own) report(key.slice(prefix.length), '(unknown key)', `use one of ${keys.join(', ')}`);
  }

  const dot = stack.indexOf('.');
  const platform = text('platform') ?? (dot < 0 ? stack : stack.slice(0, dot));
  if (!isPlatformName(platform)) {
    report(
      'platform',
      platform,
      `use one of ${Object.keys(platforms).join(', ')}, or name the stack <platform>.<environment>`,
    );
  }
  const environment = text('environment') ?? (dot < 0 ? '' : stack.slice(dot + 1));
  if (!isEnvironmentName(environment)) {
    report(
      'environment',
      environment,
      `use one of ${Object.keys(environments).join(', ')}, or name the stack <platform>.<environment>`,
    );
  }

  const images = record(text('images'), 'images', report);
  const secrets = record(text('secrets'), 'secrets', report, 'hidden');
  // Where the cluster reads its secrets from a store, no stack has them.
  const stored = isEnvironmentName(environment) && environments[environment].capabilities.has('externalSecrets');
  const required = isPlatformName(platform) && !stored ? platforms[platform].secrets : [];
  for (const name of required) {
    const set = `pulumi config set --secret --path '${prefix}secrets.${name}' "$(openssl rand -hex 24)"`;
    const value = secrets[name];
    if (value === undefined) report(`secrets.${name}`, null, set);
    else if (value.length < shortestSecret || !safeSecret.test(value)) {
      report(
        `secrets.${name}`,
        `(${value.length} characters)`,
        `use at least ${shortestSecret} letters, digits, _ or -: ${set}`,
      );
    }
  }
  for (const name of Object.keys(secrets)) {
    if (isPlatformName(platform) && !required.includes(name)) {
      const cure = stored
        ? `"${environment}" reads its secrets from a store: put it there, and remove it here`
        : `no component of "${platform}" needs it: remove it or correct its name`;
      report(`secrets.${name}`, '(not shown)', cure);
    }
  }

  const nodes = text('simulatedGpuNodes') ?? '0';
  if (!/^\d{1,3}$/.test(nodes)) report('simulatedGpuNodes', nodes, 'use a whole number from 0 to 999');
  const domain = text('domain');
  if (domain !== undefined && !/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/.test(domain)) {
    report('domain', domain, 'use a name in the DNS, such as ai.example.com');
  }
  const access = accessOf(record(text('access'), 'access', report), report);
  const apiServerCidrs = list(text('apiServerCidrs') ?? '');
  for (const cidr of apiServerCidrs) {
    if (!/^(\d{1,3}\.){3}\d{1,3}\/([1-9]|[12]\d|3[0-2])$/.test(cidr)) {
      report('apiServerCidrs', cidr, 'use ranges such as 203.0.113.0/24, separated by commas');
    }
  }
  const registry = text('registry');
  const context = text('kubeContext');
  if (problems.length > 0 || !isPlatformName(platform) || !isEnvironmentName(environment)) {
    throw new ConfigurationError(stack, problems);
  }
  const kubeContext = context ?? environments[environment].kubeContext;
  return {
    platform,
    environment,
    images,
    secrets,
    simulatedGpuNodes: Number(nodes),
    access,
    apiServerCidrs,
    ...(registry !== undefined && { registry }),
    ...(domain !== undefined && { domain }),
    ...(kubeContext !== undefined && { kubeContext }),
  };
}

/** The configuration of the stack that runs. */
export function readSettings(): Settings {
  // Config.get would warn about reading secrets as plain text; they are checked here and leave this file through `hide` only.
  return parseSettings(getStack(), allConfig());
}

/** The secrets as Outputs that stay secret. */
export function hide(secrets: Settings['secrets']): Readonly<Record<string, Output<string>>> {
  return Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, secret(value)]));
}

const accessKinds = ['admins', 'deployers', 'operators', 'viewers'] as const;
type AccessKind = (typeof accessKinds)[number];

/** The parts of a text that commas separate. */
const list = (text: string): readonly string[] => text.split(',').flatMap((part) => part.trim() || []);

/** Roles by what they may do. */
function accessOf(given: Readonly<Record<string, string>>, report: Report): Settings['access'] {
  const isKind = (name: string): name is AccessKind => accessKinds.some((kind) => kind === name);
  const entries = Object.entries(given).map(([name, text]) => {
    if (!isKind(name)) report(`access.${name}`, text, `use one of ${accessKinds.join(', ')}`);
    const roles = list(text);
    for (const role of roles) {
      if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/.test(role)) {
        report(
          `access.${name}`,
          role,
          'use ARNs of IAM roles, separated by commas: arn:aws:iam::<account>:role/<name>',
        );
      }
    }
    return [name, roles] as const;
  });
  return Object.fromEntries(entries);
}

type Report = (path: string, value: unknown, cure: string) => undefined;

/** A JSON object of texts. */
function record(
  source: string | undefined,
  key: Key,
  report: Report,
  show?: 'hidden',
): Readonly<Record<string, string>> {
  if (source === undefined) return {};
  const cure = `give it as an object of texts: pulumi config set --path '${prefix}${key}.<name>' <value>`;
  const parsed = parseJson(source);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    report(key, show === 'hidden' ? '(not shown)' : source, cure);
    return {};
  }
  const entries = Object.entries(parsed).filter((entry): entry is [string, string] => {
    const fine = typeof entry[1] === 'string' && entry[1] !== '';
    if (!fine) report(`${key}.${entry[0]}`, show === 'hidden' ? '(not shown)' : entry[1], cure);
    return fine;
  });
  return Object.fromEntries(entries);
}

function parseJson(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}
