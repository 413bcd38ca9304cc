import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError,
} from 'fastify';
import { AppError, type ErrorDetail } from './app-error.ts';
import type { ErrorCode } from './catalogue.ts';
import { describeError, stackOf } from './describe.ts';
import { pointerParts } from './json-pointer.ts';

/** Every failure of every route leaves through here, in the shape of the catalogue. */
export function installErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | AppError, request, reply) => {
    const known = toAppError(error);
    if (known.code === 'internal') {
      request.log.error({ event: 'request_failed', error: describeError(error), stack: stackOf(error) });
    }
    return sendError(reply, known, request);
  });
  app.setNotFoundHandler((request, reply) => sendError(reply, new AppError('unknown_route'), request));
}

/** The headers that go with an error, whatever the shape of its body. */
export function setErrorHeaders(reply: FastifyReply, error: AppError): void {
  // Whole seconds, as RFC 9110 has it; rounded up, so that nobody comes too early.
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(Math.ceil(error.retryAfterSeconds)));
  else if (error.statusCode === 503) reply.header('retry-after', '2');
  if (error.statusCode === 401) reply.header('www-authenticate', 'Bearer realm="keelson"');
}

/** Sends an error of the catalogue. */
export function sendError(reply: FastifyReply, error: AppError, request: FastifyRequest): FastifyReply {
  setErrorHeaders(reply, error);
  return reply.code(error.statusCode).type('application/json; charset=utf-8').send(error.toBody(request.id));
}

/** Fastify's own errors, and the parser's, as errors of the catalogue. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const given = error instanceof Error ? (error as Partial<FastifyError> & Error) : undefined; // Only fields that are checked below are read.
  if (given?.validation) {
    return new AppError('invalid_request', { details: detailsOf(given.validation, given.validationContext ?? 'body') });
  }
  const code = BY_FASTIFY_CODE[given?.code ?? ''];
  if (code) return new AppError(code);
  if (given?.name === 'SyntaxError' && given.statusCode === 400) return new AppError('invalid_json');
  if (given?.statusCode !== undefined && given.statusCode >= 400 && given.statusCode < 500) {
    return new AppError('malformed_request', { status: given.statusCode });
  }
  return new AppError('internal', { cause: error });
}

const BY_FASTIFY_CODE: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_request',
  FST_ERR_BAD_URL: 'malformed_request',
  FST_ERR_ROUTE_METHOD_NOT_SUPPORTED: 'method_not_supported',
};

function detailsOf(errors: readonly FastifySchemaValidationError[], context: string): ErrorDetail[] {
  return errors.slice(0, 20).map((error) => {
    const path = `${context}${pathOf(error.instancePath)}`;
    switch (error.keyword) {
      case 'required':
        return {
          path: `${path}.${String(error.params.missingProperty)}`,
          problem: 'is missing',
          cure: 'Add this field.',
        };
      case 'additionalProperties':
        return {
          path: `${path}.${String(error.params.additionalProperty).slice(0, 100)}`,
          problem: 'is not a field of this request',
          cure: 'Remove it, or correct its name; see /docs.',
        };
      case 'type':
        return {
          path,
          problem: `must be of type ${String(error.params.type)}`,
          cure: `Send a value of type ${String(error.params.type)}.`,
        };
      case 'enum':
      case 'const':
      case 'anyOf':
        return {
          path,
          problem: 'is not one of the allowed values or shapes',
          cure: 'Send one of those that /docs lists.',
        };
      default:
        return { path, problem: error.message ?? 'is not valid', cure: limitCure(error) };
    }
  });
}

function limitCure(error: FastifySchemaValidationError): string {
  const limit = error.params.limit;
  return typeof limit === 'number' ? `The limit is ${limit}.` : 'Correct the value as the problem says; see /docs.';
}

/** `/messages/0/role` as `.messages[0].role`. */
function pathOf(pointer: string): string {
  return pointerParts(pointer)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('');
}
