import { describe, expect, it } from '@jest/globals';
import { Standings } from '../../../../services/orchestrator/src/limits/standings.ts';

describe('Standings', () => {
  it('say what was last heard, until that is over', () => {
    const standings = new Standings();
    expect(standings.of('a')).toBeUndefined();
    standings.remember('a', { limit: 10, remaining: 3, waitMs: 60_000 });
    const state = standings.of('a');
    expect(state).toMatchObject({ limit: 10, remaining: 3 });
    expect(state?.waitMs).toBeLessThanOrEqual(60_000);
    standings.remember('a', { limit: 10, remaining: 2, waitMs: 0 });
    expect(standings.of('a')).toBeUndefined();
  });

  it('forget what is over, and nothing else', () => {
    const standings = new Standings();
    standings.remember('a', { limit: 10, remaining: 3, waitMs: 60_000 });
    standings.sweep(Date.now());
    expect(standings.of('a')).toBeDefined();
    standings.sweep(Date.now() + 120_000);
    expect(standings.of('a')).toBeUndefined();
  });
});
