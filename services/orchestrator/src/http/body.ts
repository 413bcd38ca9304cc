import { AppError } from '../errors/app-error.ts';
import type { App } from './type-provider.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Size of the body; 0 without one. */
    bodyBytes: number;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** JSON bodies must be valid UTF-8: the usual parser would store a question mark for each byte that it does not understand. */
export function installJsonParser(app: App): void {
  app.decorateRequest('bodyBytes', 0);
  const parse = app.getDefaultJsonParser('error', 'error');
  // Fastify reads text/plain as well; nothing here takes it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    request.bodyBytes = body.length;
    // A DELETE with a content type and no body, as some clients send it. Where a body is needed, its schema says so.
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    let text: string;
    try {
      text = utf8.decode(typeof body === 'string' ? Buffer.from(body) : body);
    } catch (error) {
      done(new AppError('invalid_json', { message: 'It is not valid UTF-8.', cause: error }));
      return;
    }
    // The default parser answers through `done` only; its declared return type also covers async parsers.
    void parse(request, text, done);
  });
}

/**
 * Finds a NUL character in any string of a value. JSON and UTF-8 allow it, PostgreSQL does not.
 *
 * @returns the path of the first one
 */
export function findNul(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? path : undefined;
  if (Array.isArray(value)) {
    for (const [at, inner] of value.entries()) {
      const found = findNul(inner, `${path}[${at}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = key.includes('\0') ? path : findNul(inner, `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws AppError `invalid_request` naming the field that holds a NUL character */
export function refuseNul(value: unknown, where: 'body' | 'querystring' = 'body'): void {
  const path = findNul(value, where);
  if (path === undefined) return;
  throw new AppError('invalid_request', {
    details: [{ path, problem: 'holds the character U+0000', cure: 'Remove it; it cannot be stored.' }],
  });
}
