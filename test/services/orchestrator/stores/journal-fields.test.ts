import { describe, expect, it } from '@jest/globals';
import { creditField, creditOf } from '../../../../services/orchestrator/src/stores/redis/journal-fields.ts';

describe('fields of credit', () => {
  it('tell epoch and user, whatever the user is called', () => {
    for (const user of ['ada', 'shop/a b:c', '$x y', ''])
      expect(creditOf(creditField('3-ab12-1700000000000', '/v1/chat/completions', user))).toEqual({
        epoch: '3-ab12-1700000000000',
        user,
      });
  });

  it('are no requests, and no marks', () => {
    for (const field of ['0f8b-1', '0f8b-1!', '$odd', '']) expect(creditOf(field)).toBeUndefined();
  });
});
