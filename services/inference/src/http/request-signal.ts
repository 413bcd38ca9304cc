import type { FastifyReply } from 'fastify';
import { ApiError } from '../errors/api-error.ts';

/** A signal that aborts when the time is up, with the error to answer as its reason, or when `cancel` is called. */
export function deadline(seconds: number): { signal: AbortSignal; cancel: (reason: Error) => void; end: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(new ApiError('request_timeout', `the request took longer than ${seconds} s`));
  }, seconds * 1000);
  // A request that nobody answers must not keep a process that is ending.
  timer.unref();
  return {
    signal: controller.signal,
    cancel: (reason) => controller.abort(reason),
    end: () => clearTimeout(timer),
  };
}

/**
 * A signal that aborts when the client has gone or the time is up, with the error to answer as its reason. It ends
 * with the response.
 */
export function requestSignal(reply: FastifyReply, timeoutSeconds: number): AbortSignal {
  const { signal, cancel, end } = deadline(timeoutSeconds);
  reply.raw.once('close', () => {
    end();
    if (!reply.raw.writableFinished) {
      cancel(new ApiError('client_closed', 'the connection was closed before the answer was there'));
    }
  });
  return signal;
}

/**
 * Seconds that a request may take: what it asks for, and never more than the server allows.
 *
 * @param microseconds the parameter `timeout` of the Open Inference Protocol's clients
 */
export function allowedSeconds(microseconds: unknown, most: number): number {
  if (typeof microseconds !== 'number' || !(microseconds > 0)) return most;
  return Math.min(most, microseconds / 1e6);
}
