import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AppError } from '../errors/app-error.ts';
import { describeError, stackOf } from '../errors/describe.ts';
import type { GatewayStream } from '../gateway/gateway.ts';

export interface RelayOptions {
  /** The event that tells a failure after the beginning, in the caller's dialect. */
  readonly errorEvent: (error: AppError) => string;
  /** The replica is going away: the connection is not used again. */
  readonly closing: () => boolean;
}

/**
 * Sends a stream to the caller as it comes, and no faster than the caller reads. It writes to the socket's response itself:
 * each chunk is passed on as it is, with no stream object in between.
 */
export function relay(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: GatewayStream,
  { errorEvent, closing }: RelayOptions,
): FastifyReply {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>), // Nothing here sets a header to undefined.
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies that buffer would hold the events back.
    'x-accel-buffering': 'no',
    ...(closing() && { connection: 'close' }),
  });
  const onDrain = (): void => stream.resume();
  raw.on('drain', onDrain);
  const over = (text: string): void => {
    raw.off('drain', onDrain);
    raw.end(text);
  };
  stream.attach({
    write: (bytes) => raw.write(bytes),
    end: () => over(''),
    fail: (error) => {
      if (error.code === 'internal')
        request.log.error({ event: 'stream_failed', error: describeError(error), stack: stackOf(error) });
      over(errorEvent(error));
    },
  });
  return reply;
}
