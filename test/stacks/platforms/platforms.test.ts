import { describe, expect, it } from '@jest/globals';
import { environments } from '../../../stacks/environments.ts';
import { isPlatformName, platforms } from '../../../stacks/platforms/index.ts';
import { componentsIn } from '../../../stacks/where.ts';

describe.each(Object.entries(platforms))('%s', (name, platform) => {
  const components = platform.namespaces.flatMap((namespace) => namespace.components);
  const names = components.map((component) => component.name);

  it('carries the name that it is found by', () => {
    expect(platform.name).toBe(name);
    expect(isPlatformName(name)).toBe(true);
  });

  it('names each component once in each environment, and refers only to those that it has', () => {
    for (const environment of Object.values(environments)) {
      const here = componentsIn(platform, environment).map(({ component }) => component.name);
      expect(new Set(here).size).toBe(here.length);
    }
    for (const { from, to } of platform.connections) expect(names).toEqual(expect.arrayContaining([from, to]));
    for (const { component } of platform.entries) expect(names).toContain(component);
  });

  it('declares exactly the secrets that its components use', () => {
    const used = components.flatMap((component) => {
      switch (component.kind) {
        case 'redis':
          return [component.password];
        case 'postgres':
          return [
            component.adminPassword,
            component.password,
            ...(component.roles ?? []).map(({ password }) => password),
            ...(component.readReplicas ? [component.readReplicas.password] : []),
          ];
        case 'orchestrator':
          return [
            ...Object.values(component.tokens),
            ...(component.providers ?? []).flatMap(({ key }) => (key ? [key.secret] : [])),
          ];
        case 'model-server':
          return component.auth ? [component.auth.secret] : [];
        case 'qdrant':
          return [component.apiKey, component.readOnlyApiKey];
        case 'grafana':
          return [component.password];
        default:
          return [];
      }
    });
    expect([...new Set(used)].sort()).toEqual([...platform.secrets, ...(platform.storedSecrets ?? [])].sort());
  });

  it('grows with the scale', () => {
    for (const { footprint } of components) {
      for (const field of ['cpu', 'memory', 'memoryLimit'] as const) {
        expect(footprint.small[field]).toBeLessThanOrEqual(footprint.medium[field]);
        expect(footprint.medium[field]).toBeLessThanOrEqual(footprint.large[field]);
      }
      for (const size of Object.values(footprint)) expect(size.memory).toBeLessThanOrEqual(size.memoryLimit);
    }
  });
});

describe('multi-agent-rag', () => {
  const rag = platforms['multi-agent-rag'];
  const { namespaces, entries } = rag;

  it('has the components and the ports of its guide', () => {
    expect(namespaces.map(({ name }) => name)).toEqual(['multi-agent-rag']);
    const names = (environment: keyof typeof environments) =>
      componentsIn(rag, environments[environment]).map(({ component }) => component.name);
    expect(names('prod').sort()).toEqual([
      'alertmanager',
      'backup-metrics',
      'grafana',
      'inference',
      'jan',
      'mcp-filesystem',
      'mcp-git',
      'mcp-memory',
      'ollama',
      'orchestrator',
      'postgres',
      'postgres-exporter',
      'prometheus',
      'qdrant',
      'redis',
      'redis-exporter',
    ]);
    expect(names('local').sort()).toEqual([
      'alertmanager',
      'inference',
      'mcp-filesystem',
      'mcp-git',
      'mcp-memory',
      'milvus',
      'orchestrator',
      'postgres',
      'prometheus',
      'redis',
    ]);
    expect(entries.map(({ component, port }) => [component, port])).toEqual([
      ['orchestrator', 8000],
      ['prometheus', 9090],
      ['alertmanager', 9093],
      ['grafana', 3000],
    ]);
  });
});
