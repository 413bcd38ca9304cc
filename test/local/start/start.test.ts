import { describe, expect, it } from '@jest/globals';
import { addPort } from '../../../local/commands/start.ts';
import { platformOf, stackOf } from '../../../local/start/platform.ts';
import { relaysOf } from '../../../local/start/start.ts';

const platform = platformOf('multi-agent-rag.local');

describe('npm start', () => {
  it('opens the ports that the guide names, and the API server', () => {
    expect(relaysOf(platform, [], {}).map(({ name, port, target }) => [name, port, target])).toEqual([
      ['kubernetes', 16443, '10.250.0.1'],
      ['orchestrator', 8000, 'orchestrator.multi-agent-rag'],
      ['prometheus', 9090, 'prometheus.multi-agent-rag'],
      ['alertmanager', 9093, 'alertmanager.multi-agent-rag'],
    ]);
  });

  it('leads to each version of three-version by the port that its guide names', () => {
    const relays = relaysOf(platformOf('three-version.local'), [], {});
    expect(relays.slice(1, 4).map(({ name, port, target }) => [name, port, target])).toEqual([
      ['platform-v2-api', 8001, 'platform-v2-api.platform-v2-stable'],
      ['platform-v1-api', 8002, 'platform-v1-api.platform-v1-exp'],
      ['platform-v3-api', 8003, 'platform-v3-api.platform-v3-quarantine'],
    ]);
  });

  it.each([
    [undefined, undefined, 'multi-agent-rag.local'],
    ['qratum', undefined, 'qratum.local'],
    ['qratum.local', undefined, 'qratum.local'],
    [undefined, 'qratum.local', 'qratum.local'],
    ['qratum', 'qratum.local', 'qratum.local'],
  ])('reads %s and --stack %s as %s', (platform, stack, expected) => {
    expect(stackOf(platform, stack, 'multi-agent-rag.local')).toBe(expected);
  });

  it('does not choose between two platforms', () => {
    expect(() => stackOf('qratum', 'three-version.local', 'x')).toThrow(
      'they name two platforms. Leave one of them out',
    );
  });

  it('keeps the ports of the last start, unless others are chosen', () => {
    const last = relaysOf(platform, [], { orchestrator: 18000, prometheus: 19090 });
    const now = relaysOf(platform, last, { prometheus: 29090 });
    expect(now.find(({ name }) => name === 'orchestrator')?.port).toBe(18000);
    expect(now.find(({ name }) => name === 'prometheus')?.port).toBe(29090);
  });

  it('names what has a port when something else is asked for', () => {
    expect(() => relaysOf(platform, [], { grafana: 3000 })).toThrow(
      '--port grafana: nothing of this name has a port. Use one of kubernetes, orchestrator, prometheus, alertmanager',
    );
  });

  it.each(['multi-agent-rag.prod', 'multi-agent-rag', 'unknown.local'])(
    'does not start %s on this machine',
    (stack) => {
      expect(() => platformOf(stack)).toThrow(
        `"${stack}" cannot run on this machine. Use one of multi-agent-rag.local`,
      );
    },
  );

  it('reads a port by its name', () => {
    expect(addPort('platform-v2-api=18001', {})).toEqual({ 'platform-v2-api': 18001 });
    expect(addPort('mcp-git=13002', { orchestrator: 1 })).toEqual({ orchestrator: 1, 'mcp-git': 13002 });
  });

  it.each(['8000', 'orchestrator=', 'orchestrator=0', 'orchestrator=65536', '=8000'])('refuses the port %s', (text) => {
    expect(() => addPort(text, {})).toThrow('Use <name>=<port>, for example orchestrator=18000.');
  });
});
