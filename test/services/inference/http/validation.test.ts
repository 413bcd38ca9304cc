import { describe, expect, it } from '@jest/globals';
import {
  describe as describeValue,
  explainValidation,
  fieldPath,
} from '../../../../services/inference/src/http/validation.ts';

const error = (instancePath: string, data: unknown, extra = {}) => ({
  instancePath,
  schemaPath: '',
  keyword: 'type',
  params: {},
  message: 'must be string',
  data,
  ...extra,
});

describe('explainValidation', () => {
  it('names the field, its value’s problem and what it takes', () => {
    const parentSchema = { description: 'a list of sizes' };
    const found = explainValidation(
      [error('/inputs/0/shape', 'x'.repeat(9), { message: 'must be array', parentSchema })],
      'body',
    );
    expect(found).toMatchObject({
      message: 'inputs[0].shape is a text of 9 characters: it must be array',
      path: 'inputs[0].shape',
      cure: 'Send inputs[0].shape as a list of sizes.',
    });
  });

  it('takes the alternative that got furthest into the value', () => {
    const parentSchema = { description: 'a text or a list of texts' };
    const errors = [
      error('/input', []),
      error('/input/3', 7),
      error('/input/0', 'secret', { message: 'must be integer' }),
      error('/input', [], { keyword: 'anyOf', parentSchema }),
    ];
    expect(explainValidation(errors, 'body')).toMatchObject({
      message: 'input[3] is 7: it must be string',
      cure: 'Send input as a text or a list of texts.',
    });
  });

  it('never repeats a text that was sent to be embedded', () => {
    expect(
      explainValidation([error('/input/0', 'secret', { message: 'must be integer' })], 'body').message,
    ).not.toContain('secret');
    expect(describeValue('secret')).toBe('a text of 6 characters');
  });

  it('calls the whole body by its name', () => {
    const found = explainValidation(
      [error('', {}, { keyword: 'required', params: { missingProperty: 'model' } })],
      'body',
    );
    expect(found.message).toBe('body lacks the field "model"');
    expect(fieldPath('/a~1b/2/c')).toBe('a/b[2].c');
  });
});
