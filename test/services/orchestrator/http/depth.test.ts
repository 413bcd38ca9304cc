import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTooDeep } from '../../../../services/orchestrator/src/http/depth.ts';

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('isTooDeep', () => {
  it('agrees with the depth of the parsed value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 1, max: 6 }), (value, limit) => {
        expect(isTooDeep(JSON.stringify(value), limit)).toBe(depthOf(value) > limit);
      }),
    );
  });

  it('is not misled by brackets, quotes and escapes inside of texts', () => {
    const tricky = JSON.stringify(['[[[[[[[[', '\\', '\\"[[[[[[', '"]]]]"', '{{{{{{{{{{']);
    expect(isTooDeep(tricky, 1)).toBe(false);
    expect(isTooDeep(`[${tricky}]`, 1)).toBe(true);
  });

  it('finds what could be parsed, but not written again', () => {
    expect(isTooDeep(`{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)).toBe(true);
    expect(isTooDeep('['.repeat(256) + ']'.repeat(256))).toBe(false);
    expect(isTooDeep(`"${'x'.repeat(10_000)}`)).toBe(false);
  });
});
