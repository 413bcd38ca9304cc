import { describe, expect, it } from '@jest/globals';
import { defaultPolicy, parsePolicy, rateOf } from '../../../../services/orchestrator/src/limits/policy.ts';

const parse = (policy: unknown) => parsePolicy(JSON.stringify(policy));

describe('parsePolicy', () => {
  it('has three tiers with limits and without budgets when nothing is said', () => {
    const { policy, problems } = parse({});
    expect(problems).toEqual([]);
    expect([...policy.tiers.keys()]).toEqual(['standard', 'premium', 'enterprise']);
    expect(policy.tiers.get('standard')?.budget).toEqual({ daily: undefined, weekly: undefined, monthly: undefined });
    expect(policy.cache).toEqual({ exact: undefined, semantic: undefined });
  });

  it('takes dollars as whole billionths, and the limit of an endpoint before that of the tier', () => {
    const { policy } = parse({
      tiers: {
        lab: {
          rate: { requests: 5, windowSeconds: 10 },
          rates: { '/v1/embeddings': { requests: 50, windowSeconds: 1 } },
          budget: { daily: 0.1 },
          withoutRedis: 'closed',
        },
      },
    });
    const lab = policy.tiers.get('lab');
    expect(lab).toMatchObject({ budget: { daily: 100_000_000 }, withoutRedis: 'closed' });
    expect(lab && rateOf(lab, '/v1/embeddings')).toEqual({ requests: 50, windowSeconds: 1 });
    expect(lab && rateOf(lab, '/v1/models')).toEqual({ requests: 5, windowSeconds: 10 });
  });

  it('names every mistake with its place and a cure, and keeps to the default then', () => {
    const { policy, problems } = parse({
      tiers: { standard: { rate: { requests: 0, windowSeconds: 60 } }, lab: { budget: { daily: '10' } } },
      chache: {},
    });
    expect(policy).toBe(defaultPolicy);
    expect(problems.map(({ path }) => path).sort()).toEqual([
      '.chache',
      '.tiers.lab.budget.daily',
      '.tiers.standard.rate.requests',
    ]);
    for (const { problem, cure } of problems) expect(problem.length * cure.length).toBeGreaterThan(0);
  });

  it('refuses names that stand for nothing, instead of limits that never hold', () => {
    const rate = { requests: 1, windowSeconds: 1 };
    const { problems } = parse({
      tiers: { 'a b': { rate }, standard: { rates: { 'v1/models': rate } } },
      identities: { 'ada l': {} },
    });
    expect(problems.map(({ path }) => path).sort()).toEqual([
      '.identities.ada l',
      '.tiers.a b',
      '.tiers.standard.rates.v1/models',
    ]);
    for (const { problem, cure } of problems) expect(problem.length * cure.length).toBeGreaterThan(0);
  });

  it('refuses a tier that there is not, and what is no JSON', () => {
    expect(parse({ identities: { ada: { tier: 'gold' } }, defaultTier: 'gold' }).problems).toMatchObject([
      {
        path: '.defaultTier',
        problem: '"gold" is no tier',
        cure: 'Use one of standard, premium, enterprise, or add it to "tiers".',
      },
      { path: '.identities.ada.tier' },
    ]);
    expect(parsePolicy('{').problems).toMatchObject([{ path: '', problem: 'is not valid JSON' }]);
  });
});
