import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { measure, qubits } from '../../../../services/orchestrator/src/similarity/measure.ts';

const vector = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 3, maxLength: 3 });

/** The state of a vector, value by value: normalised amplitudes, filled up to a power of two. */
function amplitudes(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return Array.from({ length: 2 ** qubits(values.length) }, (_, at) => (values[at] ?? 0) / length);
}

describe('measure', () => {
  it('knows the angle between two vectors', () => {
    expect(measure('cosine', [1, 0], [2, 0])).toBe(1);
    expect(measure('cosine', [1, 0], [0, 3])).toBe(0);
    expect(measure('cosine', [1, 1], [-2, -2])).toBeCloseTo(-1, 12);
    expect(measure('cosine', [1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 12);
  });

  it('is the squared overlap of the encoded states as fidelity', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        fc.pre(Math.hypot(...a) > 1e-3 && Math.hypot(...b) > 1e-3);
        const [x, y] = [amplitudes(a), amplitudes(b)];
        const overlap = x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
        expect(measure('fidelity', a, b)).toBeCloseTo(overlap ** 2, 9);
      }),
    );
  });

  it('is symmetric, within its range, and blind to length', () => {
    fc.assert(
      fc.property(vector, vector, fc.double({ min: 0.1, max: 10, noNaN: true }), (a, b, factor) => {
        fc.pre(Math.hypot(...a) > 1e-3);
        for (const method of ['cosine', 'fidelity'] as const) {
          const value = measure(method, a, b);
          expect(value).toBe(measure(method, b, a));
          expect(value).toBeGreaterThanOrEqual(method === 'cosine' ? -1 : 0);
          expect(value).toBeLessThanOrEqual(1);
          expect(
            measure(
              method,
              a.map((x) => x * factor),
              b,
            ),
          ).toBeCloseTo(value, 9);
        }
      }),
    );
  });

  it('finds nothing near a vector that points nowhere', () => {
    expect(measure('cosine', [0, 0], [1, 0])).toBe(0);
    expect(measure('fidelity', [0, 0], [0, 0])).toBe(0);
  });

  it('counts the qubits that hold a vector', () => {
    expect([1, 2, 3, 4, 384, 512, 1024].map(qubits)).toEqual([1, 1, 2, 2, 9, 9, 10]);
  });
});
