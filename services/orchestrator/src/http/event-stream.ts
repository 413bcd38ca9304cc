import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeError, stackOf } from '../errors/describe.ts';
import { toAppError } from '../errors/handler.ts';

/** One server-sent event. */
export function event(data: string, name?: string): string {
  const lines = data.split('\n').map((line) => `data: ${line}\n`);
  return `${name === undefined ? '' : `event: ${name}\n`}${lines.join('')}\n`;
}

/**
 * Sends events as they come, no faster than the client reads. The first one is awaited before anything is sent, so that a
 * failure until then still gets a status of its own; after it, a failure ends the stream with an event named `error`, and
 * without anything that a client could take for a regular end.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  events: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<FastifyReply> {
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  const all = async function* () {
    try {
      for (let next = first; next.done !== true; next = await iterator.next()) yield next.value;
    } catch (error) {
      if (signal.aborted) return;
      const known = toAppError(error);
      if (known.code === 'internal')
        request.log.error({ event: 'stream_failed', error: describeError(error), stack: stackOf(error) });
      yield event(JSON.stringify(known.toBody(request.id)), 'error');
    } finally {
      await iterator.return?.();
    }
  };
  return (
    reply
      .code(200)
      .header('content-type', 'text/event-stream; charset=utf-8')
      .header('cache-control', 'no-store')
      // Proxies that buffer would hold the events back.
      .header('x-accel-buffering', 'no')
      .send(Readable.from(all(), { objectMode: false, highWaterMark: 64 * 1024 }))
  );
}
