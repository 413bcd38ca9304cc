import { describe, expect, it } from '@jest/globals';
import { parseProviders } from '../../../../services/orchestrator/src/providers/config.ts';

const good = { name: 'cloud', kind: 'anthropic', baseUrl: 'https://api.anthropic.com/v1/', tier: 1, models: ['a'] };
const problems = (fields: object) =>
  parseProviders(JSON.stringify([{ ...good, ...fields }])).problems.map(({ path }) => path);

describe('parseProviders', () => {
  it('reads names of models, and what is known about them', () => {
    const { providers } = parseProviders(
      JSON.stringify([
        {
          ...good,
          models: ['a', { name: 'b', upstream: 'B', price: { input: 3, output: 15 }, maxOutputTokens: 9 }],
          forwardHeaders: ['Anthropic-Beta'],
          maxInFlight: 4,
        },
      ]),
    );
    expect(providers[0]).toMatchObject({
      baseUrl: 'https://api.anthropic.com/v1',
      models: [
        { name: 'a', upstream: 'a', embeddings: false },
        { name: 'b', upstream: 'B', price: { input: 3, cachedInput: 3, output: 15 }, maxOutputTokens: 9 },
      ],
      forwardHeaders: ['anthropic-beta'],
      maxInFlight: 4,
    });
  });

  it.each([
    [{ kind: 'other' }, '[0].kind'],
    [{ models: [] }, '[0].models'],
    [{ models: [{ upstream: 'x' }] }, '[0].models[0]'],
    [{ models: [{ name: 'x', cost: 1 }] }, '[0].models[0].cost'],
    [{ models: [{ name: 'x', price: { input: -1, output: 1 } }] }, '[0].models[0].price.input'],
    [{ models: [{ name: 'x', price: { input: 1 } }] }, '[0].models[0].price.output'],
    [{ models: [{ name: 'x', embeddings: true }], answerModel: 'x' }, '[0].answerModel'],
    [{ baseUrl: 'https://key@api.example.com/v1' }, '[0].baseUrl'],
    [{ forwardHeaders: ['Authorization'] }, '[0].forwardHeaders'],
    [{ forwardHeaders: 'x' }, '[0].forwardHeaders'],
    [{ maxInFlight: 0 }, '[0].maxInFlight'],
    [{ timeouts: { answer: 0 } }, '[0].timeouts.answer'],
    [{ timeouts: { tostring: 1 } }, '[0].timeouts.tostring'],
  ])('%j: the problem is at %s', (fields, path) => {
    expect(problems(fields)).toEqual([path]);
  });
});
