import { describe, expect, it } from '@jest/globals';
import { podSecurityLevel } from '../../constructs/exceptions.ts';
import { podSecurityExceptions } from '../../constructs/index.ts';

describe('exceptions from the restricted standard', () => {
  it('are node agents only, each with its reason', () => {
    expect(new Set(podSecurityExceptions.map(({ namespace }) => namespace))).toEqual(new Set(['node-agents']));
    expect(podSecurityExceptions.filter(({ reason }) => reason.length < 60)).toEqual([]);
  });

  it('hold for the namespaces of node agents only', () => {
    expect(podSecurityLevel('node-agents')).toBe('privileged');
    expect(podSecurityLevel('qratum-node-agents')).toBe('privileged');
    for (const other of ['multi-agent-rag', 'node-agents-2', 'mynode-agents', 'default']) {
      expect(podSecurityLevel(other)).toBe('restricted');
    }
  });

  it('take the widest level that one of them needs', () => {
    const list = [
      { workload: 'a', namespace: 'shared', level: 'baseline', reason: '' },
      { workload: 'b', namespace: 'shared', level: 'privileged', reason: '' },
    ] as const;
    expect(podSecurityLevel('shared', list)).toBe('privileged');
    expect(podSecurityLevel('shared', list.slice(0, 1))).toBe('baseline');
  });
});
