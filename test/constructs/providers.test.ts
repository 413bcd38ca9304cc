import { describe, expect, it } from '@jest/globals';
import type { Provider } from '../../constructs/index.ts';
import { problem } from '../../constructs/problem.ts';
import { checkProviders, providerPort, providersFile } from '../../constructs/providers.ts';

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

describe('providerPort', () => {
  it.each([
    ['http://ollama:11434/v1', 11434],
    ['https://api.example/v1', 443],
    ['http://api.example/v1', 80],
  ])('of %s is %i', (baseUrl, port) => {
    expect(providerPort({ ...good, baseUrl })).toBe(port);
  });
});
