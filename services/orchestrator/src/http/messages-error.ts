import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.ts';
import { describeError, stackOf } from '../errors/describe.ts';
import { setErrorHeaders } from '../errors/handler.ts';

/** An error in the shape that Anthropic's clients read, with path and cure added. */
export interface MessagesError {
  readonly type: 'error';
  readonly error: Readonly<Record<string, unknown>> & { readonly type: string; readonly message: string };
  readonly request_id: string;
}

export function messagesError(error: AppError, requestId: string): MessagesError {
  const { message, code, param, cure, details } = error.toBody().error;
  return {
    type: 'error',
    error: { type: typeOf(error.statusCode), message, code, param, cure, ...(details && { details }) },
    request_id: requestId,
  };
}

export function sendMessagesError(reply: FastifyReply, error: AppError, request: FastifyRequest): FastifyReply {
  if (error.code === 'internal') {
    request.log.error({ event: 'request_failed', error: describeError(error.cause), stack: stackOf(error.cause) });
  }
  setErrorHeaders(reply, error);
  return reply
    .code(error.statusCode)
    .header('request-id', request.id)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(messagesError(error, request.id)));
}

/** https://platform.claude.com/docs/en/api/errors (2026-11) */
function typeOf(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 402:
      return 'billing_error';
    case 413:
      return 'request_too_large';
    case 429:
      return 'rate_limit_error';
    case 503:
      return 'overloaded_error';
    case 504:
      return 'timeout_error';
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error';
  }
}
