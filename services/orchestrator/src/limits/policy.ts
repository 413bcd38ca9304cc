import { type Static, type TSchema, type TString, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { ROLES } from '../auth/identity.ts';
import { pointerParts } from '../errors/json-pointer.ts';

const Name = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}$' });
const Dollars = Type.Number({ minimum: 0, maximum: 1_000_000 });

/** By name. A name that does not fit is a mistake: otherwise what stands under it would hold for nobody. */
const record = <Value extends TSchema>(name: TString, value: Value) =>
  Type.Record(name, value, { additionalProperties: false });

const RateSchema = Type.Object(
  {
    requests: Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'at most so many' }),
    windowSeconds: Type.Integer({ minimum: 1, maximum: 86_400, description: 'within any time of this length' }),
  },
  { additionalProperties: false },
);

const TierSchema = Type.Object(
  {
    rate: Type.Optional(RateSchema),
    rates: Type.Optional(record(Type.String({ pattern: '^/' }), RateSchema)),
    budget: Type.Optional(
      Type.Object(
        { daily: Type.Optional(Dollars), weekly: Type.Optional(Dollars), monthly: Type.Optional(Dollars) },
        { additionalProperties: false },
      ),
    ),
    withoutRedis: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
  },
  { additionalProperties: false },
);

const IdentitySchema = Type.Object(
  {
    user: Type.Optional(Name),
    tenant: Type.Optional(Name),
    tier: Type.Optional(Name),
    roles: Type.Optional(Type.Array(Type.Union(ROLES.map((role) => Type.Literal(role))))),
  },
  { additionalProperties: false },
);

const PolicySchema = Type.Object(
  {
    tiers: Type.Optional(record(Name, TierSchema)),
    defaultTier: Type.Optional(Name),
    identities: Type.Optional(record(Name, IdentitySchema)),
    anonymous: Type.Optional(IdentitySchema),
    unauthenticated: Type.Optional(RateSchema),
    cache: Type.Optional(
      Type.Object(
        {
          exact: Type.Optional(
            Type.Object(
              { ttlSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }) },
              { additionalProperties: false },
            ),
          ),
          semantic: Type.Optional(
            Type.Object(
              {
                ttlSeconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }),
                threshold: Type.Optional(Type.Number({ minimum: 0.5, maximum: 1 })),
                maxEntries: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
              },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    ledger: Type.Optional(
      Type.Object(
        { retentionMonths: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_200 })) },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** So many requests within any time of this length. */
export type Rate = Static<typeof RateSchema>;
type Given = Static<typeof PolicySchema>;
export type IdentityPolicy = Static<typeof IdentitySchema>;

/** The periods of budgets: days, weeks from Monday, and months, all in UTC. */
export const PERIODS = ['daily', 'weekly', 'monthly'] as const;
export type Period = (typeof PERIODS)[number];

/** What users of a tier may use. */
export interface TierPolicy {
  readonly name: string;
  /** For an endpoint without a limit of its own. Each endpoint is counted by itself. */
  readonly rate: Rate;
  /** By the pattern of the route, such as `/v1/chat/completions`. */
  readonly rates: ReadonlyMap<string, Rate>;
  /** In nano US dollars (1e-9 USD); undefined: no limit. */
  readonly budget: Readonly<Record<Period, number | undefined>>;
  /**
   * What holds while Redis is gone. closed: what is limited gets 503. open: it goes on, budgets through PostgreSQL and rates
   * by the replica's share, with at most one request per replica too many.
   */
  readonly withoutRedis: 'open' | 'closed';
}

/** Everything that an operator decides about callers. */
export interface Policy {
  readonly tiers: ReadonlyMap<string, TierPolicy>;
  readonly defaultTier: string;
  readonly identities: ReadonlyMap<string, IdentityPolicy>;
  /** Who is behind a request without a token; undefined: nobody, it gets 401. */
  readonly anonymous: IdentityPolicy | undefined;
  /** Requests without a valid token, by address. */
  readonly unauthenticated: Rate;
  readonly cache: {
    readonly exact: { readonly ttlSeconds: number } | undefined;
    readonly semantic:
      | { readonly ttlSeconds: number; readonly threshold: number; readonly maxEntries: number }
      | undefined;
  };
  /** Whole months; undefined: for ever. */
  readonly retentionMonths: number | undefined;
}

export interface PolicyProblem {
  /** The field inside the file, as `.tiers.standard.rate`. */
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

/** What holds without a file: three tiers, limits that only a runaway client meets, no budgets, no cache. */
const DEFAULT_RATES: Readonly<Record<string, number>> = { standard: 1_200, premium: 6_000, enterprise: 30_000 };
const DEFAULT_TIER = 'standard';
const UNAUTHENTICATED: Rate = { requests: 300, windowSeconds: 60 };
/** MiniLM puts paraphrases of one question at 0.8 and above, other questions about one thing up to 0.9: this is stricter. */
const DEFAULT_THRESHOLD = 0.95;
const DEFAULT_SEMANTIC_ENTRIES = 128;

/** The policy that holds without a file. */
export const defaultPolicy: Policy = complete({});

/** Reads POLICY_FILE: a JSON object. Every field may be left out. */
export function parsePolicy(text: string): { readonly policy: Policy; readonly problems: readonly PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return {
      policy: defaultPolicy,
      problems: [{ path: '', problem: 'is not valid JSON', cure: 'Write a JSON object; an empty one is fine.' }],
    };
  }
  if (!Value.Check(PolicySchema, given)) {
    const seen = new Set<string>();
    for (const { path, message } of Value.Errors(PolicySchema, given)) {
      // The first complaint about a field says what is wrong; those after it follow from it.
      if (seen.has(path)) continue;
      seen.add(path);
      problems.push({
        path: pointerParts(path)
          .map((part) => `.${part}`)
          .join(''),
        problem: `is not valid: ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
        cure: 'See "Policy" in docs/services/orchestrator-accounting.md for the fields.',
      });
    }
    return { policy: defaultPolicy, problems };
  }
  const policy = complete(given);
  const tiers = [...policy.tiers.keys()].join(', ');
  const wanted: [string, string | undefined][] = [
    ['.defaultTier', given.defaultTier],
    ['.anonymous.tier', given.anonymous?.tier],
    ...Object.entries(given.identities ?? {}).map(([name, { tier }]): [string, string | undefined] => [
      `.identities.${name}.tier`,
      tier,
    ]),
  ];
  for (const [path, tier] of wanted) {
    if (tier !== undefined && !policy.tiers.has(tier))
      problems.push({ path, problem: `"${tier}" is no tier`, cure: `Use one of ${tiers}, or add it to "tiers".` });
  }
  return { policy, problems };
}

/** Reads the file; undefined when there is none. */
export function readPolicyFile(
  path: string | undefined,
  readFile: (path: string) => string | undefined,
): { readonly policy: Policy; readonly problems: readonly PolicyProblem[] } {
  const text = path === undefined ? undefined : readFile(path);
  return text === undefined || text.trim() === '' ? { policy: defaultPolicy, problems: [] } : parsePolicy(text);
}

function complete(given: Given): Policy {
  const names = new Set([...Object.keys(DEFAULT_RATES), ...Object.keys(given.tiers ?? {})]);
  const tiers = new Map<string, TierPolicy>();
  for (const name of names) {
    const tier = given.tiers?.[name] ?? {};
    tiers.set(name, {
      name,
      rate: tier.rate ?? { requests: DEFAULT_RATES[name] ?? DEFAULT_RATES[DEFAULT_TIER] ?? 1, windowSeconds: 60 },
      rates: new Map(Object.entries(tier.rates ?? {})),
      budget: {
        daily: nano(tier.budget?.daily),
        weekly: nano(tier.budget?.weekly),
        monthly: nano(tier.budget?.monthly),
      },
      withoutRedis: tier.withoutRedis ?? 'open',
    });
  }
  const { semantic, exact } = given.cache ?? {};
  return {
    tiers,
    defaultTier: given.defaultTier ?? DEFAULT_TIER,
    identities: new Map(Object.entries(given.identities ?? {})),
    anonymous: given.anonymous,
    unauthenticated: given.unauthenticated ?? UNAUTHENTICATED,
    cache: {
      exact,
      semantic: semantic && {
        ttlSeconds: semantic.ttlSeconds,
        threshold: semantic.threshold ?? DEFAULT_THRESHOLD,
        maxEntries: semantic.maxEntries ?? DEFAULT_SEMANTIC_ENTRIES,
      },
    },
    retentionMonths: given.ledger?.retentionMonths,
  };
}

function nano(dollars: number | undefined): number | undefined {
  return dollars === undefined ? undefined : Math.round(dollars * 1e9);
}

/** The limit of a tier for an endpoint. */
export function rateOf(tier: TierPolicy, route: string): Rate {
  return tier.rates.get(route) ?? tier.rate;
}
