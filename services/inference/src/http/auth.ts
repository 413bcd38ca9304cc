import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../errors/api-error.ts';

/** Addresses that probes and Prometheus read without a token: they carry nothing that was sent. */
const OPEN = /^\/(?:health|v2\/health|metrics)(?:[/?]|$)/;

/**
 * Refuses who does not show the token. Compared by digests, which takes the same time wherever the first difference is.
 *
 * @throws ApiError when the header is missing or has another token
 */
export function checkToken(token: string | undefined, header: string | undefined): void {
  if (token === undefined) return;
  const [, shown] = /^Bearer +(.+)$/i.exec(header ?? '') ?? [];
  if (shown !== undefined && timingSafeEqual(digest(shown.trim()), digest(token))) return;
  throw new ApiError(
    'unauthorized',
    header === undefined ? 'the request shows no token' : 'the token is not the right one',
    {
      path: 'authorization',
    },
  );
}

/** Asks for the token before anything of the body is read. */
export function requireToken(app: FastifyInstance, token: string | undefined): void {
  if (token === undefined) return;
  app.addHook('onRequest', async (request, reply) => {
    if (OPEN.test(request.url)) return;
    void reply.header('www-authenticate', 'Bearer');
    checkToken(token, request.headers.authorization);
    reply.removeHeader('www-authenticate');
  });
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
