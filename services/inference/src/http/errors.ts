import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { QueueFullError } from '../engine/scheduler.ts';
import { WorkerCrashedError, WorkerError } from '../engine/worker-thread.ts';
import { ApiError } from '../errors/api-error.ts';

/** Errors of the framework, by its codes. */
const FRAMEWORK: Readonly<Record<string, { readonly code: ApiError['code']; readonly message: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'body_too_large', message: 'the body is larger than this server takes' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { code: 'unsupported_media_type', message: 'the body is not application/json' },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: 'invalid_json', message: 'the body is empty' },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: 'invalid_json', message: 'the body is not JSON' },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { code: 'invalid_request', message: 'Content-Length is not the body’s' },
};

/** Any error as one of the catalogue. The messages of foreign errors stay inside: they may quote what was sent. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof QueueFullError) {
    return new ApiError('queue_full', 'the queue is full', { retryAfterSeconds: error.retryAfterSeconds });
  }
  if (error instanceof WorkerCrashedError) {
    return new ApiError('worker_crashed', 'the worker ended while it computed this request', {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
  if (error instanceof WorkerError) {
    return new ApiError('inference_failed', 'the model could not compute this request', { cause: error });
  }
  if (isFrameworkError(error)) {
    const known = FRAMEWORK[error.code];
    if (known !== undefined) return new ApiError(known.code, known.message, { path: 'body' });
    if (error instanceof SyntaxError) return new ApiError('invalid_json', 'the body is not JSON', { path: 'body' });
    if (error.statusCode !== undefined && error.statusCode < 500) {
      return new ApiError('invalid_request', 'the request cannot be read');
    }
  }
  return new ApiError('internal', 'something went wrong in this server', { cause: error });
}

/** The error in the form that the clients of an address know. */
export function renderError(error: ApiError, url: string): object {
  const { code, message, path, cure } = error;
  const detail = { code, ...(path !== undefined && { path }), cure };
  if (url.startsWith('/v1/')) {
    const type =
      error.status >= 500 ? 'server_error' : code === 'queue_full' ? 'rate_limit_error' : 'invalid_request_error';
    return { error: { message: `${message}. ${cure}`, type, param: path ?? null, ...detail } };
  }
  // Clients of the Open Inference Protocol show this text, and nothing else of the answer.
  if (url.startsWith('/v2')) return { error: `${message}. ${cure}`, ...detail };
  return { error: { message, ...detail } };
}

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = toApiError(error);
  if (known.status >= 500) {
    request.log.error({ code: known.code, reason: safeReason(known), frames: frames(known.cause) }, 'request failed');
  }
  if (known.retryAfterSeconds !== undefined) void reply.header('retry-after', String(known.retryAfterSeconds));
  return reply
    .code(known.status)
    .type('application/json')
    .send(JSON.stringify(renderError(known, request.url)));
}

/** Where it happened; the first line of a stack is the message, which stays out of the log. */
function frames(cause: unknown): string[] | undefined {
  if (!(cause instanceof Error)) return undefined;
  return cause.stack?.split('\n').flatMap((line) => (line.trimStart().startsWith('at ') ? [line.trim()] : []));
}

/** Messages of workers are about tensors and threads: a worker never sees a text. */
function safeReason({ code, message, cause }: ApiError): string {
  const fromWorker = code === 'worker_crashed' || code === 'inference_failed';
  return fromWorker && cause instanceof Error ? cause.message : message;
}

function isFrameworkError(error: unknown): error is FastifyError {
  return error instanceof Error && ('code' in error || 'statusCode' in error);
}
