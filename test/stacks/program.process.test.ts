import { beforeAll, describe, expect, it } from '@jest/globals';
import { isSecret, output } from '@pulumi/pulumi';
import { environments } from '../../stacks/environments.ts';
import program from '../../stacks/index.ts';
import { platforms } from '../../stacks/platforms/index.ts';
import { isSecretInput, mockEngine, type Registered, settled } from '../support/mocks.ts';

const stacks = Object.values(platforms).flatMap((platform) =>
  Object.keys(environments).flatMap((environment) =>
    [false, true].map((preview) => ({ stack: `${platform.name}.${environment}`, platform, preview })),
  ),
);

function secretValue(name: string): string {
  return `value-of-${name}-${'x'.repeat(16)}`;
}

function isStored(stack: string): boolean {
  return !stack.endsWith('.local');
}

async function run(stack: string, preview: boolean, secrets: readonly string[]) {
  const config = {
    'keelson:registry': 'registry.example/keelson',
    ...(!isStored(stack) && {
      'keelson:secrets': JSON.stringify(Object.fromEntries(secrets.map((name) => [name, secretValue(name)]))),
    }),
  };
  const registered = await mockEngine({ stack, preview, config, secretKeys: ['keelson:secrets'] });
  const outputs = await program();
  await settled();
  return { registered, outputs };
}

describe.each(stacks)('$stack, preview: $preview', ({ stack, platform, preview }) => {
  let registered: readonly Registered[];
  let outputs: Awaited<ReturnType<typeof program>>;
  beforeAll(async () => {
    ({ registered, outputs } = await run(stack, preview, platform.secrets));
  });

  it('registers the whole platform with the cluster of its own provider', () => {
    const objects = registered.filter(({ type }) => type.startsWith('kubernetes:'));
    expect(objects.length).toBeGreaterThan(platform.namespaces.flatMap(({ components }) => components).length * 4);
    for (const { provider } of objects) expect(provider).toContain('pulumi:providers:kubernetes::cluster::');
    expect(new Set(objects.map(({ name }) => name)).size).toBe(objects.length);
  });

  it('keeps every secret secret, on its way to the engine and in the outputs', async () => {
    const secrets = registered.filter(({ type }) => type === 'kubernetes:core/v1:Secret');
    // In the cloud they come from a store: the program never has them.
    if (isStored(stack)) expect(registered.some(({ type }) => type.endsWith(':ExternalSecret'))).toBe(true);
    else expect(secrets.length).toBeGreaterThan(0);
    for (const { inputs } of secrets) expect(isSecretInput(inputs.stringData)).toBe(true);
    const others = registered.filter((resource) => !secrets.includes(resource));
    expect(JSON.stringify(others)).not.toContain('value-of-');
    const { apiTokens, ...open } = outputs;
    expect(Object.keys(apiTokens).length > 0).toBe(!isStored(stack));
    for (const token of Object.values(apiTokens)) expect(await isSecret(token)).toBe(true);
    expect(await isSecret(output(open))).toBe(false);
    expect(JSON.stringify(open)).not.toContain('value-of-');
  });
});

describe('the program', () => {
  const { secrets } = platforms['multi-agent-rag'];

  it('talks to the context of the local cluster, whatever the current one is', async () => {
    const { registered } = await run('multi-agent-rag.local', false, secrets);
    expect(registered.find(({ type }) => type === 'pulumi:providers:kubernetes')?.inputs).toMatchObject({
      context: 'keelson',
    });
  });

  it('protects what holds data in production, and nothing locally', async () => {
    const kinds = async (stack: string) => {
      const { registered } = await run(stack, false, secrets);
      return [...new Set(registered.filter(({ protect }) => protect).map(({ type }) => type))];
    };
    expect((await kinds('multi-agent-rag.prod')).sort()).toEqual([
      'aws:eks/cluster:Cluster',
      'aws:s3/bucket:Bucket',
      'kubernetes:apps/v1:StatefulSet',
    ]);
    expect(await kinds('multi-agent-rag.local')).toEqual([]);
  });

  it('tells addresses, components and what stands in for what', async () => {
    const { outputs } = await run('multi-agent-rag.local', false, secrets);
    expect(outputs).toMatchObject({
      platform: 'multi-agent-rag',
      environment: 'local',
      addresses: {
        orchestrator: 'http://127.0.0.1:8000',
        prometheus: 'http://127.0.0.1:9090',
        alertmanager: 'http://127.0.0.1:9093',
      },
    });
    expect(outputs.components).toContain('milvus');
    expect(outputs.replacements).toContainEqual(expect.objectContaining({ component: 'Qdrant', by: 'Milvus Lite' }));
    const cloud = await run('multi-agent-rag.prod', false, secrets);
    expect(cloud.outputs.addresses.orchestrator).toBe('http://orchestrator.multi-agent-rag.svc:8000');
  });

  it('registers nothing when the configuration does not work', async () => {
    const registered = await mockEngine({ stack: 'multi-agent-rag.local', config: {} });
    await expect(program()).rejects.toThrow('keelson:secrets.apiToken');
    await settled();
    expect(registered).toEqual([]);
  });
});
