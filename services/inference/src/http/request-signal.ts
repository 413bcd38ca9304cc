import type { FastifyReply } from 'fastify';
import { ApiError } from '../errors/api-error.ts';

/**
 * A signal that aborts when the client has gone or the time is up, with the error to answer as its reason. It ends
 * with the response.
 */
export function requestSignal(reply: FastifyReply, timeoutSeconds: number): AbortSignal {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new ApiError('request_timeout', `the request took longer than ${timeoutSeconds} s`));
  }, timeoutSeconds * 1000);
  reply.raw.once('close', () => {
    clearTimeout(timer);
    if (!reply.raw.writableFinished) {
      controller.abort(new ApiError('client_closed', 'the connection was closed before the answer was there'));
    }
  });
  return controller.signal;
}
