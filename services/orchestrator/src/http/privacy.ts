import type { FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';

/** The header that marks a request as private. */
export const PRIVATE_HEADER = 'x-keelson-private';

/**
 * Whether a request must not leave tier 0: by the header, or by the field `private` of the body. A value that is neither true
 * nor false is refused: someone meant something by it.
 *
 * @throws AppError `invalid_request`
 */
export function isPrivate(request: FastifyRequest, field: unknown): boolean {
  return read(request.headers[PRIVATE_HEADER], `headers.${PRIVATE_HEADER}`) || read(field, 'body.private');
}

function read(value: unknown, path: string): boolean {
  switch (value) {
    case undefined:
    case null:
    case false:
    case 'false':
      return false;
    case true:
    case 'true':
      return true;
    default:
      throw new AppError('invalid_request', {
        details: [{ path, problem: 'is neither true nor false', cure: 'Write true to keep the request in tier 0.' }],
      });
  }
}
