import { describe, expect, it } from '@jest/globals';
import { Duration, type OrchestratorPolicy } from '../../constructs/index.ts';
import { checkPolicy, policyFile } from '../../constructs/orchestrator-policy.ts';
import { problem } from '../../constructs/problem.ts';
import { parsePolicy, rateOf } from '../../services/orchestrator/src/limits/policy.ts';

const minute = Duration.minutes(1);

const whole: OrchestratorPolicy = {
  tiers: {
    standard: {
      rate: { requests: 600, window: minute },
      rates: { '/v1/chat/completions': { requests: 60, window: minute } },
      budget: { daily: 10, weekly: 40, monthly: 100 },
      withoutRedis: 'closed',
    },
    trial: {},
  },
  defaultTier: 'trial',
  identities: { cli: { user: 'ada', tenant: 'lab', tier: 'premium', roles: ['admin', 'delegate'] } },
  anonymous: { tier: 'trial', roles: [] },
  unauthenticated: { requests: 30, window: minute },
  cache: { exact: { keep: Duration.hours(1) }, semantic: { keep: minute, threshold: 0.9, maxEntries: 64 } },
  ledgerMonths: 25,
};

describe('policyFile', () => {
  it('says all that the service understands', () => {
    const { policy, problems } = parsePolicy(policyFile(whole));
    expect(problems).toEqual([]);
    expect(policy).toMatchObject({
      defaultTier: 'trial',
      anonymous: { tier: 'trial', roles: [] },
      unauthenticated: { requests: 30, windowSeconds: 60 },
      cache: {
        exact: { ttlSeconds: 3600 },
        semantic: { ttlSeconds: 60, threshold: 0.9, maxEntries: 64 },
      },
      retentionMonths: 25,
    });
    expect(policy.identities.get('cli')).toEqual(whole.identities?.cli);
    const standard = policy.tiers.get('standard');
    if (standard === undefined) throw new Error('the tier is missing');
    expect(standard).toMatchObject({
      budget: { daily: 10e9, weekly: 40e9, monthly: 100e9 },
      withoutRedis: 'closed',
    });
    expect(rateOf(standard, '/v1/chat/completions')).toEqual({ requests: 60, windowSeconds: 60 });
    expect(rateOf(standard, '/v1/models')).toEqual({ requests: 600, windowSeconds: 60 });
    expect(policy.tiers.has('trial')).toBe(true);
  });

  it('leaves to the service what nobody decided', () => {
    expect(JSON.parse(policyFile({}))).toEqual({});
    expect(parsePolicy(policyFile({})).problems).toEqual([]);
  });
});

describe('checkPolicy', () => {
  it('accepts a good one', () => {
    expect(checkPolicy(whole, ['cli'])).toEqual([]);
  });

  const standard = (tier: NonNullable<OrchestratorPolicy['tiers']>[string]) => ({ tiers: { standard: tier } });
  const year = Duration.days(366);

  it.each<[OrchestratorPolicy, RegExp]>([
    [{ defaultTier: 'gold' }, /^policy\.defaultTier is "gold": use one of standard, premium, enterprise, or add it/],
    [{ anonymous: { tier: 'gold' } }, /^policy\.anonymous\.tier is "gold"/],
    [{ anonymous: { user: 'a b' } }, /^policy\.anonymous\.user is "a b": use at most 128 letters/],
    [{ identities: { web: {} } }, /^policy\.identities is "web": no token has this name: use one of cli/],
    [{ identities: { cli: { tenant: '/' } } }, /^policy\.identities\.cli\.tenant is "\/"/],
    [{ tiers: { 'a b': {} } }, /^policy\.tiers is "a b"/],
    [standard({ rate: { requests: 0, window: minute } }), /^policy\.tiers\.standard\.rate\.requests is 0: use a whole/],
    [
      standard({ rate: { requests: 1, window: Duration.millis(500) } }),
      /^policy\.tiers\.standard\.rate\.window is "0\.5 seconds": use whole seconds from 1 to 86400/,
    ],
    [
      standard({ rates: { 'v1/models': { requests: 1, window: minute } } }),
      /^policy\.tiers\.standard\.rates is "v1\/models": write the pattern of a route/,
    ],
    [standard({ budget: { daily: -1 } }), /^policy\.tiers\.standard\.budget\.daily is -1: use US dollars from 0/],
    [{ unauthenticated: { requests: 1.5, window: minute } }, /^policy\.unauthenticated\.requests is 1\.5/],
    [{ cache: { exact: { keep: year } } }, /^policy\.cache\.exact\.keep is "31622400 seconds"/],
    [{ cache: { semantic: { keep: year } } }, /^policy\.cache\.semantic\.keep/],
    [{ cache: { semantic: { keep: minute, threshold: 0.4 } } }, /^policy\.cache\.semantic\.threshold is 0\.4/],
    [{ cache: { semantic: { keep: minute, maxEntries: 0 } } }, /^policy\.cache\.semantic\.maxEntries is 0/],
    [{ ledgerMonths: 0 }, /^policy\.ledgerMonths is 0: use a whole number of months/],
  ])('refuses %j', (policy, message) => {
    expect(checkPolicy(policy, ['cli']).map(problem)).toEqual([expect.stringMatching(message)]);
  });
});
