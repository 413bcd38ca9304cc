import { describe, expect, it } from '@jest/globals';
import { at } from '../../constructs/bridge/manifest.ts';
import { Images } from '../../constructs/index.ts';
import { parsePolicy } from '../../services/orchestrator/src/limits/policy.ts';
import { parseProviders } from '../../services/orchestrator/src/providers/config.ts';
import { Providers } from '../../services/orchestrator/src/providers/registry.ts';
import { compose } from '../../stacks/compose.ts';
import { type EnvironmentName, environments } from '../../stacks/environments.ts';
import { type PlatformName, platforms } from '../../stacks/platforms/index.ts';
import type { Platform, PolicySpec } from '../../stacks/platforms/platform.ts';
import { find, manifestsOf } from './guides/support/inventory.ts';

const orchestrators: readonly (readonly [PlatformName, string])[] = Object.values(platforms).flatMap((platform) =>
  platform.namespaces.flatMap(({ components }) =>
    components.flatMap(({ kind, name }) =>
      kind === 'orchestrator' ? [[platform.name as PlatformName, name] as const] : [],
    ),
  ),
);

/** A file of an orchestrator's configuration. */
function fileOf(platform: PlatformName, environment: EnvironmentName, name: string, file: string): string {
  const map = find(manifestsOf(platform, environment), 'ConfigMap', { name: `${name}-config` });
  return String(at(map ?? {}, 'data', file) ?? '{}');
}

const policyOf = (platform: PlatformName, environment: EnvironmentName, name: string) =>
  parsePolicy(fileOf(platform, environment, name, 'policy.json')).policy;

const providersOf = (platform: PlatformName, environment: EnvironmentName, name: string) =>
  parseProviders(fileOf(platform, environment, name, 'providers.json')).providers;

describe.each(orchestrators)('what %s tells its %s', (platform, name) => {
  it.each(Object.values(environments).map((environment) => environment.name))('is understood in %s', (environment) => {
    expect(parsePolicy(fileOf(platform, environment, name, 'policy.json')).problems).toEqual([]);
    expect(parseProviders(fileOf(platform, environment, name, 'providers.json')).problems).toEqual([]);
  });
});

describe('requests without a token', () => {
  const anonymous = (platform: PlatformName, name: string) =>
    Object.values(environments).flatMap((environment) => {
      const identity = policyOf(platform, environment.name, name).anonymous;
      return identity === undefined ? [] : [[environment.name, identity.roles]];
    });

  it('are taken where the public does not get in', () => {
    expect(anonymous('multi-agent-rag', 'orchestrator')).toEqual([['local', ['admin', 'writer']]]);
    const everywhere = Object.keys(environments);
    expect(anonymous('three-version', 'platform-v1-api')).toEqual(everywhere.map((each) => [each, ['writer']]));
    expect(anonymous('three-version', 'platform-v3-api')).toEqual(everywhere.map((each) => [each, []]));
    for (const [platform, name] of orchestrators) {
      const known = ['orchestrator multi-agent-rag', 'platform-v1-api', 'platform-v3-api'];
      if (known.includes(name) || known.includes(`${name} ${platform}`)) continue;
      expect([platform, name, anonymous(platform, name)]).toEqual([platform, name, []]);
    }
  });

  it('leave those with a token what they could do before', () => {
    const rolesOf = (platform: PlatformName, name: string) =>
      policyOf(platform, 'local', name).identities.get('cli')?.roles;
    expect(rolesOf('multi-agent-rag', 'orchestrator')).toEqual(expect.arrayContaining(['admin', 'writer']));
    expect(rolesOf('three-version', 'platform-v1-api')).toEqual(['admin', 'writer']);
    expect(rolesOf('three-version', 'platform-v3-api')).toEqual(['admin']);
  });

  const rag = platforms['multi-agent-rag'];

  function composeWith(policy: PolicySpec, environment: EnvironmentName) {
    const platform: Platform = {
      ...rag,
      namespaces: rag.namespaces.map((namespace) => ({
        ...namespace,
        components: namespace.components.map((component) =>
          component.kind === 'orchestrator' ? { ...component, policy } : component,
        ),
      })),
    };
    const images = new Images({ registry: 'registry.example' });
    return () => compose({ platform, environment: environments[environment], images, secret: () => 'x'.repeat(24) });
  }

  it('are refused at synth where a gateway leads the public to them', () => {
    expect(composeWith({ anonymous: {} }, 'prod')).toThrow(
      '[multi-agent-rag.prod] orchestrator.policy.anonymous is {}: the gateway "multi-agent-rag" leads the public to it: add where',
    );
    expect(composeWith({ anonymous: {} }, 'local')).not.toThrow();
  });
});

describe('limits', () => {
  it('of multi-agent-rag are those of its guide', () => {
    const standard = policyOf('multi-agent-rag', 'prod', 'orchestrator').tiers.get('standard');
    expect(standard?.budget).toEqual({ daily: 10e9 });
    expect(standard?.rates.get('/api/v1/search')).toEqual({ requests: 100, windowSeconds: 60 });
  });

  it('of quantum-rerank let the key of the platform ask as often as its guide says is normal', () => {
    const { tiers, identities } = policyOf('quantum-rerank', 'prod', 'quantum-rerank');
    const rate = tiers.get(identities.get('api-key')?.tier ?? '')?.rate;
    expect(rate && rate.requests / rate.windowSeconds).toBeGreaterThanOrEqual(200);
    expect([...tiers.keys()]).toEqual(['standard', 'premium', 'enterprise']);
  });
});

describe('language models', () => {
  const asked = (platform: PlatformName, environment: EnvironmentName, name: string, isPrivate = false) =>
    new Providers(providersOf(platform, environment, name))
      .candidates('default', isPrivate, false)
      .map(({ backend, model }) => `${backend.tier} ${backend.name} ${model.upstream}`);

  it('of multi-agent-rag are asked tier by tier, and private requests stay in the cluster', () => {
    expect(asked('multi-agent-rag', 'prod', 'orchestrator')).toEqual([
      '0 ollama llama3.2:3b',
      '1 fireworks accounts/fireworks/models/gpt-oss-120b',
      '2 together openai/gpt-oss-120b',
      '3 anthropic claude-opus-5-5',
      '4 openai gpt-6.1-sol',
    ]);
    expect(asked('multi-agent-rag', 'prod', 'orchestrator', true)).toEqual(['0 ollama llama3.2:3b']);
    expect(providersOf('multi-agent-rag', 'local', 'orchestrator')).toEqual([]);
  });

  it('of three-version go to the secondary provider when the primary is down', () => {
    expect(asked('three-version', 'prod', 'platform-v2-api')).toEqual([
      '1 primary gpt-6.1-sol',
      '2 secondary claude-opus-5-5',
    ]);
    expect(asked('three-version', 'local', 'platform-v2-api')).toEqual([
      '0 primary gpt-4',
      '0 secondary claude-3-opus-20240229',
    ]);
  });

  it('outside have a price, their own dialect, a key in a Secret, and addresses that the policy opens', () => {
    for (const [platform, name] of orchestrators) {
      for (const { kind, baseUrl, tier, models, apiKeyFile } of providersOf(platform, 'prod', name)) {
        if (tier === 0) continue;
        expect(apiKeyFile).toMatch(/^\/etc\/orchestrator\/keys\//);
        expect(kind).toBe(baseUrl.includes('anthropic') ? 'anthropic' : 'openai-compatible');
        for (const { price } of models) {
          expect(price.input).toBeGreaterThan(0);
          expect(price.output).toBeGreaterThan(price.input);
          expect(price.cachedInput).toBeLessThanOrEqual(price.input);
        }
        const policy = find(manifestsOf(platform, 'prod'), 'NetworkPolicy', { name });
        expect(JSON.stringify(policy)).toContain('{"ports":[{"port":443,"protocol":"TCP"}],"to":[{"ipBlock"');
      }
    }
  });
});
