import { describe, expect, it } from '@jest/globals';
import { podStates } from '../../../local/start/pods.ts';

const pod = (name: string, status: object, metadata: object = {}) => ({
  metadata: { namespace: 'a', name, ...metadata },
  status,
});
const condition = (status: string, message?: string) => [
  { type: 'Ready', status, ...(message === undefined ? {} : { message }) },
];
const states = (...items: object[]) => podStates(JSON.stringify({ items }));

describe('state of pods', () => {
  it('a pod whose condition says so is ready', () => {
    expect(states(pod('x', { phase: 'Running', conditions: condition('True') }))).toMatchObject([
      { name: 'x', ready: true },
    ]);
  });

  it('one that is being deleted is not, whatever its condition says', () => {
    const deleted = pod(
      'x',
      { phase: 'Running', conditions: condition('True') },
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    );
    expect(states(deleted)).toMatchObject([{ ready: false }]);
  });

  it('tells why a container waits before what the condition says', () => {
    const waiting = pod('x', {
      phase: 'Pending',
      conditions: condition('False', 'containers with unready status'),
      containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    });
    expect(states(waiting)).toMatchObject([{ ready: false, reason: 'CrashLoopBackOff' }]);
  });

  it('leaves finished jobs out, and keeps failed ones', () => {
    expect(states(pod('done', { phase: 'Succeeded' }), pod('failed', { phase: 'Failed' }))).toMatchObject([
      { name: 'failed', ready: false, reason: 'Failed' },
    ]);
  });
});
