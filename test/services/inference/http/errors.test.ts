import { describe, expect, it } from '@jest/globals';
import { QueueFullError } from '../../../../services/inference/src/engine/scheduler.ts';
import { WorkerCrashedError, WorkerError } from '../../../../services/inference/src/engine/worker-thread.ts';
import { ApiError } from '../../../../services/inference/src/errors/api-error.ts';
import { renderError, toApiError } from '../../../../services/inference/src/http/errors.ts';

describe('toApiError', () => {
  it.each([
    [new QueueFullError(7), 'queue_full', 429],
    [new WorkerCrashedError('lost'), 'worker_crashed', 503],
    [new WorkerError('bad shape'), 'inference_failed', 500],
    [new TypeError('x is not a function'), 'internal', 500],
    ['thrown', 'internal', 500],
  ])('%s is %s', (error, code, status) => {
    expect(toApiError(error)).toMatchObject({ code, status });
  });

  it('keeps foreign messages inside', () => {
    expect(toApiError(new TypeError('cannot read "my secret"')).message).not.toContain('secret');
  });
});

describe('renderError', () => {
  const error = new ApiError('invalid_request', 'input is 5', { path: 'input', cure: 'Send input as a text.' });

  it('has the form that the clients of an address know', () => {
    const detail = { code: 'invalid_request', path: 'input', cure: 'Send input as a text.' };
    const message = 'input is 5. Send input as a text.';
    expect(renderError(error, '/v1/embeddings')).toEqual({
      error: { message, type: 'invalid_request_error', param: 'input', ...detail },
    });
    expect(renderError(error, '/v2/models/m/infer')).toEqual({ error: message, ...detail });
    expect(renderError(error, '/health')).toEqual({ error: { message: 'input is 5', ...detail } });
  });
});
