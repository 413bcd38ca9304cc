import { describe, expect, it } from '@jest/globals';
import { Duration, type Provider } from '../../constructs/index.ts';
import { problem } from '../../constructs/problem.ts';
import { checkProviders, providerPort, providersFile } from '../../constructs/providers.ts';
import { parseProviders } from '../../services/orchestrator/src/providers/config.ts';

const good: Provider = { name: 'ollama', baseUrl: 'http://ollama:11434/v1', tier: 0, models: ['llama'] };

describe('checkProviders', () => {
  it('accepts a good one', () => {
    expect(checkProviders([good, { ...good, name: 'other', answerModel: 'llama' }])).toEqual([]);
  });

  it.each<[Partial<Provider>, RegExp]>([
    [{ name: 'A b' }, /^providers\[0\]\.name is "A b": use lower-case/],
    [{ baseUrl: 'ollama:11434' }, /^providers\[0\]\.baseUrl is "ollama:11434": write it with the version/],
    [{ models: [] }, /^providers\[0\]\.models is \[\]: name at least one/],
    [{ apiKeyName: 'a/b' }, /^providers\[0\]\.apiKeyName is "a\/b": use letters/],
    [{ answerModel: 'gpt' }, /^providers\[0\]\.answerModel is "gpt": name one of llama/],
    [
      { models: [{ name: 'e', embeddings: true }], answerModel: 'e' },
      /^providers\[0\]\.answerModel is "e": it embeds, and cannot word answers/,
    ],
    [{ models: ['a', 'a'] }, /^providers\[0\]\.models is \["a","a"\]: name each model once/],
    [
      { models: [{ name: 'a', price: { input: -1, output: 1 } }] },
      /^providers\[0\]\.models\[0\]\.price\.input is -1: use US dollars/,
    ],
    [{ models: [{ name: 'a', maxOutputTokens: 0 }] }, /^providers\[0\]\.models\[0\]\.maxOutputTokens is 0/],
    [{ maxInFlight: 0 }, /^providers\[0\]\.maxInFlight is 0: use a whole number above 0/],
    [{ dropParameters: ['a b'] }, /^providers\[0\]\.dropParameters is "a b"/],
    [
      { forwardHeaders: ['Authorization'] },
      /^providers\[0\]\.forwardHeaders is "Authorization": a provider never gets/,
    ],
  ])('refuses %j', (broken, message) => {
    expect(checkProviders([{ ...good, ...broken }]).map(problem)).toEqual([expect.stringMatching(message)]);
  });

  it('refuses the same name twice', () => {
    expect(checkProviders([good, good]).map(problem)).toEqual([
      'providers[1].name is "ollama": name each provider once',
    ]);
  });
});

describe('providersFile', () => {
  it('says what a provider speaks, and what is known of its models', () => {
    const model = { name: 'llama', upstream: 'big', price: { input: 3, output: 15 } };
    const cloud: Provider = {
      ...good,
      name: 'cloud',
      kind: 'anthropic',
      tier: 2,
      models: [model],
      answerModel: 'llama',
    };
    expect(checkProviders([cloud])).toEqual([]);
    expect(JSON.parse(providersFile([good, cloud]))).toMatchObject([
      { kind: 'openai-compatible', models: ['llama'] },
      { kind: 'anthropic', models: [model] },
    ]);
  });
});

describe('what the service makes of it', () => {
  it('is what was said', () => {
    const cloud: Provider = {
      name: 'cloud',
      kind: 'anthropic',
      baseUrl: 'https://api.example/v1',
      tier: 3,
      models: [
        { name: 'default', upstream: 'big', price: { input: 3, cachedInput: 0.3, output: 15 }, maxOutputTokens: 9 },
      ],
      answerModel: 'default',
      apiKey: 'Geheim1',
      timeouts: { connect: Duration.seconds(1), answer: Duration.minutes(2) },
      maxInFlight: 7,
      dropParameters: ['logit_bias'],
      forwardHeaders: ['anthropic-beta'],
    };
    const { providers, problems } = parseProviders(providersFile([good, cloud]));
    expect(problems).toEqual([]);
    expect(providers[1]).toMatchObject({
      kind: 'anthropic',
      models: [
        { name: 'default', upstream: 'big', price: { input: 3, cachedInput: 0.3, output: 15 }, maxOutputTokens: 9 },
      ],
      apiKeyFile: '/etc/orchestrator/keys/cloud',
      timeouts: { connect: 1000, answer: 120_000 },
      maxInFlight: 7,
      dropParameters: ['logit_bias'],
      forwardHeaders: ['anthropic-beta'],
    });
  });
});

describe('providerPort', () => {
  it.each([
    ['http://ollama:11434/v1', 11434],
    ['https://api.example/v1', 443],
    ['http://api.example/v1', 80],
  ])('of %s is %i', (baseUrl, port) => {
    expect(providerPort({ ...good, baseUrl })).toBe(port);
  });
});
