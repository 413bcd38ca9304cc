import { AppError } from '../errors/app-error.ts';
import { DEEPEST, isTooDeep } from './depth.ts';
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
    if (isTooDeep(text)) {
      done(
        new AppError('invalid_json', { message: `It is nested deeper than ${DEEPEST} levels.`, cure: 'Flatten it.' }),
      );
      return;
    }
    // The default parser answers through `done` only; its declared return type also covers async parsers.
    void parse(request, text, done);
  });
}

/**
 * Finds what JSON allows and PostgreSQL does not: the character U+0000, and half of a character (a surrogate alone).
 *
 * @returns the path of the first one
 */
export function findUnstorable(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : path;
  if (Array.isArray(value)) {
    for (const [at, inner] of value.entries()) {
      const found = findUnstorable(inner, `${path}[${at}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const found = isStorable(key) ? findUnstorable(inner, `${path}.${key}`) : path;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** @throws AppError `invalid_request` naming the field that holds what cannot be stored */
export function refuseUnstorable(value: unknown, where: 'body' | 'querystring' = 'body'): void {
  const path = findUnstorable(value, where);
  if (path === undefined) return;
  throw new AppError('invalid_request', {
    details: [
      {
        path,
        problem: 'holds the character U+0000, or half of a character (a surrogate alone)',
        cure: 'Remove it; it cannot be stored.',
      },
    ],
  });
}

function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
