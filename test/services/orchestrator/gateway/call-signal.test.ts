import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { pauseUnlessGone } from '../../../../services/orchestrator/src/gateway/call-signal.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('pauseUnlessGone', () => {
  const state = async (pause: Promise<void>): Promise<string> =>
    Promise.race([pause.then(() => 'over'), Promise.resolve().then(() => 'waiting')]);

  it('lasts as long as it should', async () => {
    const pause = pauseUnlessGone(100, new AbortController().signal);
    jest.advanceTimersByTime(99);
    expect(await state(pause)).toBe('waiting');
    jest.advanceTimersByTime(1);
    expect(await state(pause)).toBe('over');
  });

  it('ends when the caller leaves, and does not begin when it has left', async () => {
    const abort = new AbortController();
    const pause = pauseUnlessGone(100, abort.signal);
    abort.abort();
    expect(await state(pause)).toBe('over');
    expect(await state(pauseUnlessGone(100, abort.signal))).toBe('over');
    expect(jest.getTimerCount()).toBe(0);
  });
});
