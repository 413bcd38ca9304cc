import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseWeights, Traffic } from '../../../../services/inference/src/models/traffic.ts';

describe('Traffic', () => {
  it('gives every version exactly its share of each round, whatever the weights', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }), (weights) => {
        fc.pre(weights.some((weight) => weight > 0));
        const traffic = new Traffic();
        const versions = weights.map((_, index) => String(index + 1));
        traffic.set('m', Object.fromEntries(weights.map((weight, index) => [String(index + 1), weight])));
        const counts = weights.map(() => 0);
        const round = weights.reduce((a, b) => a + b);
        for (let at = 0; at < 3 * round; at++) {
          const index = Number(traffic.next('m', versions)) - 1;
          counts[index] = (counts[index] ?? 0) + 1;
        }
        expect(counts).toEqual(weights.map((weight) => 3 * weight));
      }),
    );
  });

  it('spreads a small share evenly', () => {
    const traffic = new Traffic();
    traffic.set('m', { '1': 9, '2': 1 });
    const places = Array.from({ length: 30 }, () => traffic.next('m', ['1', '2'])).flatMap((version, at) =>
      version === '2' ? [at] : [],
    );
    expect(places.map((place) => place % 10)).toEqual([places[0], places[0], places[0]]);
  });

  it('shares out what a version that does not serve would get', () => {
    const traffic = new Traffic();
    traffic.set('m', { '1': 50, '2': 50 });
    expect([1, 2, 3].map(() => traffic.next('m', ['2']))).toEqual(['2', '2', '2']);
    expect(traffic.next('m', ['3'])).toBeUndefined();
  });

  it('asks the newest version without weights, and again when they are taken away', () => {
    const traffic = new Traffic();
    expect(traffic.next('m', ['9', '10'])).toBe('10');
    traffic.set('m', { '9': 1 });
    expect(traffic.next('m', ['9', '10'])).toBe('9');
    traffic.set('m', {});
    expect(traffic.next('m', ['9', '10'])).toBe('10');
    expect(traffic.next('m', [])).toBeUndefined();
  });
});

describe('parseWeights', () => {
  it.each([
    [[1], /w is no object/],
    [{ latest: 1 }, /w has "latest", which is no version/],
    [{ '1': 0.5 }, /w\.1 is 0\.5/],
    [{ '1': 0 }, /w has only zeros/],
  ])('refuses %j', (value, message) => {
    expect(() => parseWeights('w', value)).toThrow(message);
  });
});
