import { describe, expect, it } from '@jest/globals';
import { isSecret } from '@pulumi/pulumi';
import { ConfigurationError, hide, parseSettings } from '../../stacks/config.ts';

const secrets: Readonly<Record<string, string>> = {
  redisPassword: 'r'.repeat(24),
  postgresAdminPassword: 'a'.repeat(24),
  postgresPassword: 'p'.repeat(24),
  apiToken: 't'.repeat(24),
  qdrantApiKey: 'q'.repeat(24),
  qdrantReadOnlyApiKey: 'o'.repeat(24),
  grafanaPassword: 'g'.repeat(24),
  postgresReplicationPassword: 'r'.repeat(24),
};
const good = { 'keelson:secrets': JSON.stringify(secrets) };

function problemsOf(stack: string, raw: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseSettings(stack, raw);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.map(({ path }) => path);
    throw error;
  }
  return [];
}

describe('parseSettings', () => {
  it('derives platform and environment from the name of the stack, and the rest from the environment', () => {
    expect(parseSettings('multi-agent-rag.local', good)).toEqual({
      platform: 'multi-agent-rag',
      environment: 'local',
      access: {},
      apiServerCidrs: [],
      images: {},
      secrets,
      kubeContext: 'keelson',
      simulatedGpuNodes: 0,
    });
  });

  it('takes every key', () => {
    const settings = parseSettings('anything', {
      'keelson:domain': 'ai.example.com',
      'keelson:platform': 'multi-agent-rag',
      'keelson:environment': 'prod',
      'keelson:images': '{"redis":"keelson.local/redis:7-0123456789ab"}',
      'keelson:registry': 'registry.example/keelson',
      'keelson:kubeContext': 'prod-cluster',
      'keelson:simulatedGpuNodes': '4',
    });
    expect(settings).toMatchObject({
      environment: 'prod',
      domain: 'ai.example.com',
      images: { redis: 'keelson.local/redis:7-0123456789ab' },
      registry: 'registry.example/keelson',
      kubeContext: 'prod-cluster',
      simulatedGpuNodes: 4,
    });
  });

  it('wants no secret where the cluster reads them from a store', () => {
    expect(parseSettings('multi-agent-rag.prod', {}).secrets).toEqual({});
    expect(problemsOf('multi-agent-rag.prod', good)).toEqual(
      Object.keys(secrets).map((name) => `keelson:secrets.${name}`),
    );
    expect(() => parseSettings('multi-agent-rag.prod', good)).toThrow('"prod" reads its secrets from a store');
  });

  it.each(['localhost', 'https://ai.example.com', 'ai.example.com:443', 'Ai.example.com'])(
    'refuses the domain %s',
    (domain) => {
      expect(problemsOf('multi-agent-rag.prod', { 'keelson:domain': domain })).toEqual(['keelson:domain']);
    },
  );

  it('leaves the configuration of others alone', () => {
    expect(problemsOf('multi-agent-rag.local', { ...good, 'kubernetes:context': 'x' })).toEqual([]);
  });

  it('does not take the current context in the local environment', () => {
    expect(parseSettings('multi-agent-rag.local', good).kubeContext).toBe('keelson');
    expect(parseSettings('multi-agent-rag.prod', {}).kubeContext).toBeUndefined();
  });

  it('reports every mistake at once', () => {
    const raw = {
      'keelson:platform': 'nothing',
      'keelson:environment': 'moon',
      'keelson:images': '[]',
      'keelson:secrets': '{"a":1}',
      'keelson:simulatedGpuNodes': '-1',
      'keelson:imagess': '{}',
      'keelson:registry': '',
    };
    expect([...problemsOf('x', raw)].sort()).toEqual([
      'keelson:environment',
      'keelson:images',
      'keelson:imagess',
      'keelson:platform',
      'keelson:registry',
      'keelson:secrets.a',
      'keelson:simulatedGpuNodes',
    ]);
  });

  it('names stack, path, value and cure', () => {
    expect(() => parseSettings('multi-agent-rag.moon', good)).toThrow(
      'The configuration of stack "multi-agent-rag.moon" does not work:\n' +
        '  - keelson:environment is "moon": use one of local, dev, staging, prod, or name the stack <platform>.<environment>',
    );
  });

  it('misses each secret that the platform needs, with the command that sets it', () => {
    expect(problemsOf('multi-agent-rag.local', {})).toEqual(
      Object.keys(secrets).map((name) => `keelson:secrets.${name}`),
    );
    expect(() => parseSettings('multi-agent-rag.local', {})).toThrow(
      "pulumi config set --secret --path 'keelson:secrets.apiToken'",
    );
  });

  it.each([
    ['short', 'hunter2'],
    ['with spaces', 'hunter2 hunter2 hunter2'],
    ['that would need quoting', 'hunter2"hunter2"hunter2'],
  ])('refuses a secret %s without showing it', (_name, value) => {
    const raw = { 'keelson:secrets': JSON.stringify({ ...secrets, apiToken: value }) };
    expect(problemsOf('multi-agent-rag.local', raw)).toEqual(['keelson:secrets.apiToken']);
    expect(() => parseSettings('multi-agent-rag.local', raw)).not.toThrow('hunter2');
  });

  it('reports a secret that nothing needs: its name may be misspelt', () => {
    const raw = { 'keelson:secrets': JSON.stringify({ ...secrets, apitoken: 'x'.repeat(20) }) };
    expect(problemsOf('multi-agent-rag.local', raw)).toEqual(['keelson:secrets.apitoken']);
  });

  it('shows nothing of secrets that cannot be read', () => {
    expect(() => parseSettings('multi-agent-rag.local', { 'keelson:secrets': 'hunter2' })).toThrow('(not shown)');
    expect(() => parseSettings('multi-agent-rag.local', { 'keelson:secrets': 'hunter2' })).not.toThrow('hunter2');
  });
});

describe('hide', () => {
  it('makes secret Outputs', async () => {
    const hidden = Object.values(hide({ apiToken: 'value', other: 'value' }));
    expect(await Promise.all(hidden.map((value) => isSecret(value)))).toEqual([true, true]);
  });
});
