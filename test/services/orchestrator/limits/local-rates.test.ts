import { describe, expect, it } from '@jest/globals';
import { LocalRates } from '../../../../services/orchestrator/src/limits/local-rates.ts';

describe('LocalRates', () => {
  it('counts what lies within the window, and says when the oldest leaves it', () => {
    const rates = new LocalRates();
    for (const at of [0, 400, 900]) rates.add('a', 1_000, at);
    expect(rates.used('a', 900)).toBe(3);
    expect(rates.wait('a', 900)).toBe(100);
    expect(rates.used('a', 1_000)).toBe(2);
    expect(rates.used('b', 1_000)).toBe(0);
  });

  it('forgets what counts no more, also of many', () => {
    const rates = new LocalRates();
    for (let at = 0; at < 10_000; at += 1) rates.add('a', 100, at);
    expect(rates.used('a', 9_999)).toBe(100);
    expect([...rates.entries(9_999)]).toMatchObject([{ key: 'a', windowMs: 100, times: { length: 100 } }]);
    rates.sweep(20_000);
    expect([...rates.entries(20_000)]).toEqual([]);
  });
});
