import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { labelValue } from '../../constructs/labels.ts';

describe('labelValue', () => {
  it('keeps what a label may hold', () => {
    expect(labelValue('2.17.2-pg16')).toBe('2.17.2-pg16');
  });

  it('makes a value that Kubernetes takes of any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(labelValue(text)).toMatch(/^(([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9])?$/);
      }),
    );
  });
});
