import { describe, expect, it } from '@jest/globals';
import { addPort } from '../../../local/commands/start.ts';
import { platformOf, relaysOf } from '../../../local/start/start.ts';

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
    expect(addPort('mcp-git=13002', { orchestrator: 1 })).toEqual({ orchestrator: 1, 'mcp-git': 13002 });
  });

  it.each(['8000', 'orchestrator=', 'orchestrator=0', 'orchestrator=65536', '=8000'])('refuses the port %s', (text) => {
    expect(() => addPort(text, {})).toThrow('Use <name>=<port>, for example orchestrator=18000.');
  });
});
