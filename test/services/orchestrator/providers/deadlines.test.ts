import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Deadlines } from '../../../../services/orchestrator/src/providers/deadlines.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('looks at what is watched until it is forgotten, and runs no timer when nothing is', () => {
  const deadlines = new Deadlines(20);
  const looked: number[] = [];
  const watched = {
    slot: -1,
    look: (now: number) => {
      looked.push(now);
      if (looked.length === 3) deadlines.forget(watched);
    },
  };
  expect(jest.getTimerCount()).toBe(0);
  const from = performance.now();
  deadlines.watch(watched);
  jest.advanceTimersByTime(200);
  expect(looked.map((now) => now - from)).toEqual([20, 40, 60]);
  expect(jest.getTimerCount()).toBe(0);
  deadlines.watch(watched);
  jest.advanceTimersByTime(20);
  expect(looked).toHaveLength(4);
});
