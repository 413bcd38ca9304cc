import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import type { Tokens } from './tokens.ts';

/** Who may use a route. */
export type Access =
  /** Anyone who can reach the service. */
  | 'public'
  /** Every caller with a token. The default. */
  | 'caller'
  /** Callers that may change documents. */
  | 'writer';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The name of the caller's token; empty on public routes. */
    caller: string;
  }
}

export interface AuthOptions {
  readonly tokens: Tokens;
  /** undefined: every caller is a writer */
  readonly writers: ReadonlySet<string> | undefined;
}

/** Asks for a bearer token on every route that does not declare itself public, before the body is read. */
export function installAuth(app: FastifyInstance, { tokens, writers }: AuthOptions): void {
  app.decorateRequest('caller', '');
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config?.access ?? 'caller';
    // An unknown address is told so: there is nothing to protect.
    if (access === 'public' || request.is404) return;
    request.caller = authenticate(request, tokens);
    if (access === 'writer' && writers !== undefined && !writers.has(request.caller)) {
      throw new AppError('not_allowed', { message: `"${request.caller}" does not change documents here.` });
    }
  });
}

function authenticate(request: FastifyRequest, tokens: Tokens): string {
  const header = request.headers.authorization;
  const token = /^Bearer +([^\s]{1,4096})$/i.exec(header ?? '')?.[1];
  if (token === undefined) {
    const message =
      header === undefined
        ? 'The authorization header is missing.'
        : 'The authorization header is not of the form "Bearer <token>".';
    throw new AppError('unauthenticated', { message });
  }
  const caller = tokens.callerOf(token);
  if (caller !== undefined) return caller;
  if (tokens.count === 0) {
    throw new AppError('unauthenticated', {
      message: 'No token is configured.',
      cure: 'An operator has to mount a secret with one file per caller at API_TOKENS_DIR.',
    });
  }
  throw new AppError('unauthenticated', { message: 'The token is unknown, or was replaced.' });
}
