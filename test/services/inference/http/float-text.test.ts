import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { floats } from '../../../../services/inference/src/http/float-text.ts';

const read = (text: string): Float32Array => Float32Array.from(JSON.parse(`[${text}]`));

describe('floats', () => {
  it('names every number of 32 bits exactly', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true, maxLength: 50 }), (values) => {
        // JSON has no minus before zero that a reader would keep.
        expect(read(floats(values))).toEqual(values.map((value) => value + 0));
      }),
      { numRuns: 500 },
    );
  });

  it('names those of normalised vectors exactly', () => {
    const small = fc.float({ min: Math.fround(-1), max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.array(small, { maxLength: 400 }), (numbers) => {
        const values = Float32Array.from(numbers, (value) => value + 0);
        expect(read(floats(values))).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [[], ''],
    [[0, -0, 1, -2], '0,0,1,-2'],
    [[0.5, -0.25], '0.500000000,-0.250000000'],
    [
      [0.1, 0.01, 0.001, 0.0001, 0.00001],
      '0.100000001,0.00999999978,0.00100000005,0.0000999999975,0.000009999999747378752',
    ],
    [[Math.fround(0.99999997)], '0.999999940'],
    [[Number.NaN, Number.POSITIVE_INFINITY], 'null,null'],
  ])('writes %j', (values, text) => expect(floats(Float32Array.from(values))).toBe(text));

  it('takes more numbers than it has room for at first', () => {
    const values = Float32Array.from({ length: 20_000 }, (_, index) => -index * 1e30);
    expect(read(floats(values))).toEqual(values.map((value) => value + 0));
  });
});
