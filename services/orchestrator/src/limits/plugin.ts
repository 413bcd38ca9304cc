import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import { type RateState, rateHeaders } from './rate-state.ts';
import { ADMITTED_BY_GATEWAY, type RequestLimits } from './request-limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the caller stands with the limit of this endpoint; null until it is known. */
    rate: RateState | null;
  }
}

/**
 * Puts the limit's headers on every answer, and refuses what is too much. Routes that call a model are looked at by the gateway
 * (limit and budget in one), all others here. Health, metrics and documentation are not limited.
 *
 * Goes in before the authentication, because requests that fail it count as well: by address.
 */
export function installLimits(app: FastifyInstance, limits: RequestLimits): void {
  app.decorateRequest('rate', null);
  app.addHook('onSend', (request, reply, _payload, done) => {
    if (!reply.hasHeader('x-ratelimit-limit')) {
      const state = request.rate ?? limits.peek(request.identity, routeOf(request));
      for (const [name, value] of Object.entries(rateHeaders(state))) reply.header(name, value);
    }
    done();
  });
}

/** The part that comes after the authentication. */
export function limitCallers(app: FastifyInstance, limits: RequestLimits): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { identity } = request;
    const route = routeOf(request);
    if (!identity || ADMITTED_BY_GATEWAY.has(route)) {
      done();
      return;
    }
    limits.limit(identity, route).then((state) => {
      request.rate = state;
      done();
    }, done);
  });
}

/**
 * A request without a valid token, or to an address that there is not: it counts by the client's address.
 *
 * @throws AppError `rate_limited`
 */
export async function limitStranger(request: FastifyRequest, limits: RequestLimits): Promise<void> {
  try {
    request.rate = await limits.limitAddress(request.ip);
  } catch (error) {
    // That nobody can count must not hide what is wrong with the request.
    if (error instanceof AppError && error.code === 'rate_limited') throw error;
  }
}

function routeOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? 'unknown';
}
