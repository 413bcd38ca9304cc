import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Endpoint, Target } from '../gateway/call.ts';
import type { CallSignal } from '../gateway/call-signal.ts';
import type { CallSpec } from '../gateway/call-spec.ts';
import type { GatewayAnswer } from '../gateway/gateway.ts';
import { isPrivate } from './privacy.ts';

export interface SpecOptions {
  readonly endpoint: Endpoint;
  /** The request without the gateway's own fields. */
  readonly body: Readonly<Record<string, unknown>> & { readonly model: string };
  /** The field `private`. */
  readonly marked: unknown;
  readonly endUser: unknown;
  readonly includeUsage: boolean;
  readonly signal: CallSignal;
}

/** The body without the gateway's own fields, which are not for a provider. Nearly every body is one already. */
export function withoutOwnFields<T extends { readonly private?: unknown }>(body: T): Omit<T, 'private'> {
  if (body.private === undefined) return body;
  const { private: _, ...rest } = body;
  return rest;
}

/** A request as a call. @throws AppError `invalid_request` for a mark of privacy that cannot be read */
export function specOf(request: FastifyRequest, reply: FastifyReply, options: SpecOptions): CallSpec {
  const { endpoint, body, endUser } = options;
  return {
    id: request.id,
    caller: request.caller,
    endUser: typeof endUser === 'string' && endUser !== '' ? endUser : undefined,
    endpoint,
    route: request.routeOptions.url ?? '',
    model: body.model,
    private: isPrivate(request, options.marked),
    fresh: /\bno-(cache|store)\b/i.test(request.headers['cache-control'] ?? ''),
    stream: body.stream === true,
    includeUsage: options.includeUsage,
    request: body,
    bodyBytes: request.bodyBytes,
    headers: request.headers,
    signal: options.signal,
    onHeaders: (headers) => void reply.headers(headers),
  };
}

/** Says who served the call: an operator looking at a failover wants to know, and so does a person who asked for privacy. */
export function gatewayHeaders(reply: FastifyReply, target: Target, cached: boolean): void {
  reply.header('x-keelson-provider', target.provider).header('x-keelson-tier', String(target.tier));
  if (cached) reply.header('x-keelson-cache', 'hit');
}

/**
 * Sends an answer when it is there, or the error. For handlers that are no async functions: each of those costs the framework a few
 * promises with every request.
 */
export function sendLater(reply: FastifyReply, answer: Promise<GatewayAnswer>): void {
  orError(
    reply,
    answer.then((found) => void sendAnswer(reply, found)),
  );
}

/** Sends the error of work that answers by itself when it succeeds. */
export function orError(reply: FastifyReply, work: Promise<void>): void {
  work.catch((error: unknown) => void reply.send(error));
}

/** Sends a whole answer as it came: it is JSON already. */
export function sendAnswer(reply: FastifyReply, { body, target, cached }: GatewayAnswer): FastifyReply {
  gatewayHeaders(reply, target, cached);
  return reply.type('application/json; charset=utf-8').send(body);
}
