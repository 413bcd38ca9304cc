import { describe, expect, it } from '@jest/globals';
import { podSecurityLevel } from '../../constructs/exceptions.ts';
import { podSecurityExceptions } from '../../constructs/index.ts';

describe('exceptions from the restricted standard', () => {
  it('are none so far, and would each have a reason', () => {
    expect(podSecurityExceptions.filter(({ reason }) => reason.length < 20)).toEqual([]);
    expect(podSecurityLevel('multi-agent-rag')).toBe('restricted');
  });

  it('hold for the namespace that they name only', () => {
    const list = [{ namespace: 'node-agents', level: 'privileged', reason: 'reads the counters of the host' }] as const;
    expect(podSecurityLevel('node-agents', list)).toBe('privileged');
    expect(podSecurityLevel('multi-agent-rag', list)).toBe('restricted');
  });
});
