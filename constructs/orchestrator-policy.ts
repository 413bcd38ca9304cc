import type { Duration } from 'cdk8s';
import type { Problem } from './problem.ts';

/** So many requests within any time of this length. */
export interface RequestRate {
  /** 1 to 1,000,000. */
  readonly requests: number;
  /** One second to a day. */
  readonly window: Duration;
}

/** US dollars that one user may spend, in UTC; a week begins on Monday. A period without a number has no limit. */
export interface SpendingLimit {
  readonly daily?: number;
  readonly weekly?: number;
  readonly monthly?: number;
}

/** What users of a tier may use. */
export interface TierPolicy {
  /** Requests of a user to each endpoint. @default - a minute: standard 1,200, premium 6,000, enterprise 30,000, others as standard */
  readonly rate?: RequestRate;
  /** The same for single endpoints, by the pattern of the route, for example `/v1/chat/completions`. @default - `rate` */
  readonly rates?: Readonly<Record<string, RequestRate>>;
  /** @default - no limit */
  readonly budget?: SpendingLimit;
  /** What holds while Redis is gone: `closed` refuses what is limited. @default 'open' */
  readonly withoutRedis?: 'open' | 'closed';
}

/** What a caller may do beyond asking: everything, store documents, or name the person that it asks for. */
export type CallerRole = 'admin' | 'writer' | 'delegate';

/** Who is behind a caller. */
export interface CallerIdentity {
  /** Whose budget is charged. @default - the caller's name */
  readonly user?: string;
  /** Answers of one tenant are never shown to another. @default - the caller's name */
  readonly tenant?: string;
  /** @default - {@link OrchestratorPolicy.defaultTier} */
  readonly tier?: string;
  /** Once one caller has roles, all others have only those that they are given. @default - writer; a caller that is the only one is admin as well */
  readonly roles?: readonly CallerRole[];
}

/** Everything that an operator decides about callers. A changed policy rolls the pods out anew. */
export interface OrchestratorPolicy {
  /** By name. `standard`, `premium` and `enterprise` are there in any case. @default - those three, without budgets */
  readonly tiers?: Readonly<Record<string, TierPolicy>>;
  /** Of callers without one. @default 'standard' */
  readonly defaultTier?: string;
  /** By the name of the caller's token. @default - each caller is its own user and tenant */
  readonly identities?: Readonly<Record<string, CallerIdentity>>;
  /** Who is behind a request without a token: only where everybody who can reach the service may use it. @default - nobody */
  readonly anonymous?: CallerIdentity;
  /** Requests without a valid token, by address. @default - 300 a minute */
  readonly unauthenticated?: RequestRate;
  /** Answers that are given again. @default - none */
  readonly cache?: {
    /** To the same question. */
    readonly exact?: { readonly keep: Duration };
    /** To one that is nearly the same: similarity of the vectors, 0.5 to 1, and answers that are compared, at most 1,000. */
    readonly semantic?: { readonly keep: Duration; readonly threshold?: number; readonly maxEntries?: number };
  };
  /** Whole months for which the ledger is kept, 1 to 1,200. @default - for ever */
  readonly ledgerMonths?: number;
}

const builtInTiers = ['standard', 'premium', 'enterprise'];

/** The file that the orchestrator reads (services/orchestrator/src/limits/policy.ts). */
export function policyFile(policy: OrchestratorPolicy): string {
  const { tiers, defaultTier, identities, anonymous, unauthenticated, cache, ledgerMonths } = policy;
  const file = {
    ...(tiers && {
      tiers: mapped(tiers, ({ rate, rates, ...rest }) => ({
        ...(rate && { rate: rateOf(rate) }),
        ...(rates && { rates: mapped(rates, rateOf) }),
        ...rest,
      })),
    }),
    ...(defaultTier !== undefined && { defaultTier }),
    ...(identities && { identities }),
    ...(anonymous && { anonymous }),
    ...(unauthenticated && { unauthenticated: rateOf(unauthenticated) }),
    ...(cache && {
      cache: {
        ...(cache.exact && { exact: { ttlSeconds: secondsOf(cache.exact.keep) } }),
        ...(cache.semantic && { semantic: semanticOf(cache.semantic) }),
      },
    }),
    ...(ledgerMonths !== undefined && { ledger: { retentionMonths: ledgerMonths } }),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function rateOf({ requests, window }: RequestRate) {
  return { requests, windowSeconds: secondsOf(window) };
}

/** Parts of seconds are reported at synth, with all other mistakes. */
function secondsOf(time: Duration): number {
  return time.toSeconds({ integral: false });
}

function semanticOf({ keep, ...rest }: NonNullable<NonNullable<OrchestratorPolicy['cache']>['semantic']>) {
  return { ttlSeconds: secondsOf(keep), ...rest };
}

function mapped<T, U>(values: Readonly<Record<string, T>>, to: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]));
}

/**
 * What is wrong with a policy: the service would find the same, but only when it starts.
 *
 * @param callers - names of the tokens
 */
export function checkPolicy(policy: OrchestratorPolicy, callers: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const add: Add = (path, value, cure) => problems.push({ path: `policy.${path}`, value, cure });
  const { tiers = {}, identities = {}, anonymous, defaultTier, unauthenticated, ledgerMonths } = policy;
  const known = [...new Set([...builtInTiers, ...Object.keys(tiers)])];
  const checkTierName = (path: string, tier: string | undefined) => {
    if (tier !== undefined && !known.includes(tier))
      add(path, tier, `use one of ${known.join(', ')}, or add it to tiers`);
  };
  for (const [name, tier] of Object.entries(tiers)) checkTier(`tiers.${name}`, name, tier, add);
  checkTierName('defaultTier', defaultTier);
  for (const [caller, identity] of Object.entries(identities)) {
    if (!callers.includes(caller))
      add('identities', caller, `no token has this name: use one of ${callers.join(', ')}`);
    checkIdentity(`identities.${caller}`, identity, add);
    checkTierName(`identities.${caller}.tier`, identity.tier);
  }
  if (anonymous) {
    checkIdentity('anonymous', anonymous, add);
    checkTierName('anonymous.tier', anonymous.tier);
  }
  if (unauthenticated) checkRate('unauthenticated', unauthenticated, add);
  checkCache(policy.cache ?? {}, add);
  if (ledgerMonths !== undefined && !isWhole(ledgerMonths, 1, 1200)) {
    add('ledgerMonths', ledgerMonths, 'use a whole number of months from 1 to 1200, or leave it out to keep all');
  }
  return problems;
}

type Add = (path: string, value: unknown, cure: string) => void;

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._@:+-]{0,127}$/;
const mostDollars = 1_000_000;

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function checkName(path: string, name: string | undefined, add: Add): void {
  if (name === undefined || namePattern.test(name)) return;
  add(path, name, 'use at most 128 letters, digits and . _ @ : + -, beginning with a letter or digit');
}

function checkTier(path: string, name: string, { rate, rates = {}, budget = {} }: TierPolicy, add: Add): void {
  checkName('tiers', name, add);
  if (rate) checkRate(`${path}.rate`, rate, add);
  for (const [route, limit] of Object.entries(rates)) {
    if (!route.startsWith('/'))
      add(`${path}.rates`, route, 'write the pattern of a route, such as /v1/chat/completions');
    checkRate(`${path}.rates["${route}"]`, limit, add);
  }
  for (const [period, dollars] of Object.entries(budget)) {
    if (!(dollars >= 0 && dollars <= mostDollars)) {
      add(`${path}.budget.${period}`, dollars, `use US dollars from 0 to ${mostDollars}, or leave it out for no limit`);
    }
  }
}

function checkRate(path: string, { requests, window }: RequestRate, add: Add): void {
  if (!isWhole(requests, 1, 1_000_000)) add(`${path}.requests`, requests, 'use a whole number from 1 to 1000000');
  checkTime(`${path}.window`, window, 86_400, add);
}

function checkTime(path: string, time: Duration, most: number, add: Add): void {
  const seconds = secondsOf(time);
  if (!isWhole(seconds, 1, most)) add(path, `${seconds} seconds`, `use whole seconds from 1 to ${most}`);
}

function checkIdentity(path: string, { user, tenant }: CallerIdentity, add: Add): void {
  checkName(`${path}.user`, user, add);
  checkName(`${path}.tenant`, tenant, add);
}

const year = 31_536_000;

function checkCache({ exact, semantic }: NonNullable<OrchestratorPolicy['cache']>, add: Add): void {
  if (exact) checkTime('cache.exact.keep', exact.keep, year, add);
  if (semantic === undefined) return;
  const { keep, threshold = 1, maxEntries = 1 } = semantic;
  checkTime('cache.semantic.keep', keep, year, add);
  if (!(threshold >= 0.5 && threshold <= 1)) {
    add(
      'cache.semantic.threshold',
      threshold,
      'use a similarity from 0.5 to 1: below, answers to other questions are given',
    );
  }
  if (!isWhole(maxEntries, 1, 1000)) add('cache.semantic.maxEntries', maxEntries, 'use a whole number from 1 to 1000');
}
