import { describe, expect, it } from '@jest/globals';
import {
  Breaker,
  type BreakerOptions,
  type BreakerState,
} from '../../../../services/orchestrator/src/providers/breaker.ts';

/** A breaker with a clock that the test turns. */
function breaker(options: BreakerOptions = {}) {
  let now = 0;
  const states: BreakerState[] = [];
  const made = new Breaker({
    failures: 3,
    windowMs: 1_000,
    openMs: 100,
    ...options,
    now: () => now,
    onChange: (state) => states.push(state),
  });
  const fail = (times = 1): void => {
    for (let time = 0; time < times; time += 1) made.enter()?.fail();
  };
  return {
    made,
    states,
    fail,
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

describe('Breaker', () => {
  it('opens with enough failures in the window, and not with those before it', () => {
    const { made, fail, pass } = breaker();
    fail(2);
    pass(2_000);
    fail(2);
    expect(made.state).toBe('closed');
    fail();
    expect([made.state, made.enter()]).toEqual(['open', undefined]);
  });

  it('stays closed while failures are a small share', () => {
    const { made, fail } = breaker();
    for (let time = 0; time < 10; time += 1) made.enter()?.succeed();
    fail(5);
    expect(made.state).toBe('closed');
    fail(5);
    expect(made.state).toBe('open');
  });

  it('lets one call through when it was open for a while, and closes when that succeeds', () => {
    const { made, fail, pass, states } = breaker();
    fail(3);
    pass(130);
    const trial = made.enter();
    expect([made.state, made.enter()]).toEqual(['half-open', undefined]);
    trial?.succeed();
    expect(made.enter()).toBeDefined();
    expect(states).toEqual(['open', 'half-open', 'closed']);
  });

  it('stays open longer after each trial that fails', () => {
    const { made, fail, pass } = breaker();
    fail(3);
    for (const most of [120, 240, 480, 960, 960]) {
      expect(made.closedForMs).toBeLessThanOrEqual(most);
      expect(made.closedForMs).toBeGreaterThanOrEqual(most / 1.5);
      pass(made.closedForMs);
      fail();
    }
  });

  it('learns nothing from a client that left: the next trial decides', () => {
    const { made, fail, pass } = breaker();
    fail(3);
    pass(130);
    made.enter()?.release();
    expect(made.state).toBe('half-open');
    made.enter()?.fail();
    expect(made.state).toBe('open');
  });

  it('hears each call once', () => {
    const { made } = breaker();
    const pass = made.enter();
    for (let time = 0; time < 5; time += 1) pass?.fail();
    expect(made.state).toBe('closed');
  });

  it('ignores the results of calls that were under way when it opened', () => {
    const { made, fail } = breaker();
    const late = made.enter();
    fail(3);
    late?.succeed();
    expect(made.state).toBe('open');
  });
});
