import { describe, expect, it } from '@jest/globals';
import { objectsAt } from '../../constructs/bridge/manifest.ts';
import { McpServer, Orchestrator, Size } from '../../constructs/index.ts';
import { bench, containerOf, envOf, object, small } from '../support/manifests.ts';

describe('McpServer', () => {
  it.each([
    ['filesystem', 3001],
    ['git', 3002],
    ['memory', 3003],
  ] as const)('%s listens on %i and hands out its address', (tools, port) => {
    const on = bench();
    const server = new McpServer(on.namespace, 'mcp', {
      images: on.images,
      resources: small,
      tools,
      data: { kind: 'scratch', size: Size.mebibytes(10) },
    });
    const client = new Orchestrator(on.namespace, 'client', {
      images: on.images,
      resources: small,
      features: [],
      tokens: {},
    });
    on.connections.connect(client, server, 'http');
    expect(client.workload.hasEnv(`MCP_${tools.toUpperCase()}_URL`)).toBe(true);
    const alone = bench();
    new McpServer(alone.namespace, 'mcp', {
      images: alone.images,
      resources: small,
      tools,
      data: { kind: 'scratch', size: Size.mebibytes(10) },
    });
    const container = containerOf(alone.synth(), `mcp-${tools}`);
    expect(container.command).toEqual([`mcp-${tools}`, '--port', String(port), '--root', '/data']);
    expect(container.readinessProbe).toMatchObject({ httpGet: { path: '/healthz', port } });
    expect(server.workload.ports.http).toMatchObject({ number: port, path: '/mcp' });
  });

  it('keeps what the tools write where asked', () => {
    const on = bench();
    new McpServer(on.namespace, 'mcp', {
      images: on.images,
      resources: small,
      tools: 'memory',
      data: { kind: 'claim', size: Size.gibibytes(1) },
    });
    const manifests = on.synth();
    expect(objectsAt(object(manifests, 'StatefulSet', 'mcp-memory'), 'spec', 'volumeClaimTemplates')).toHaveLength(1);
    expect(envOf(manifests, 'mcp-memory')).toEqual({ HOME: '/tmp' });
  });
});
