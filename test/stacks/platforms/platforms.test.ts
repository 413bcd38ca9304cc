import { describe, expect, it } from '@jest/globals';
import { isPlatformName, platforms } from '../../../stacks/platforms/index.ts';

describe.each(Object.entries(platforms))('%s', (name, platform) => {
  const components = platform.namespaces.flatMap((namespace) => namespace.components);
  const names = components.map((component) => component.name);

  it('carries the name that it is found by', () => {
    expect(platform.name).toBe(name);
    expect(isPlatformName(name)).toBe(true);
  });

  it('names each component once, and refers only to those that it has', () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { from, to } of platform.connections) expect(names).toEqual(expect.arrayContaining([from, to]));
    for (const { component } of platform.entries) expect(names).toContain(component);
  });

  it('declares exactly the secrets that its components use', () => {
    const used = components.flatMap((component) => {
      switch (component.kind) {
        case 'redis':
          return [component.password];
        case 'postgres':
          return [component.adminPassword, component.password];
        case 'orchestrator':
          return [
            ...Object.values(component.tokens),
            ...(component.providers ?? []).flatMap(({ key }) => (key ? [key.secret] : [])),
          ];
        case 'model-server':
          return component.auth ? [component.auth.secret] : [];
        default:
          return [];
      }
    });
    expect([...new Set(used)].sort()).toEqual([...platform.secrets].sort());
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
  const { namespaces, entries } = platforms['multi-agent-rag'];

  it('has the components and the ports of its guide', () => {
    expect(namespaces.map(({ name }) => name)).toEqual(['multi-agent-rag']);
    expect(namespaces.flatMap(({ components }) => components.map(({ name }) => name)).sort()).toEqual([
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
    ]);
  });
});
