import type { FastifyReply } from 'fastify';

/** Aborted as soon as the client leaves before its answer is complete. */
export function clientSignal(reply: FastifyReply): AbortSignal {
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  return abort.signal;
}
