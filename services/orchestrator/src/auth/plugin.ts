import type { FastifyInstance, FastifyRequest } from 'fastify';
import { AppError } from '../errors/app-error.ts';
import type { Identity } from './identity.ts';
import type { Tokens } from './tokens.ts';

/** Who may use a route. */
export type Access =
  /** Anyone who can reach the service. */
  | 'public'
  /** Every caller with a token. The default. */
  | 'caller'
  /** Callers that may change documents. */
  | 'writer'
  /** Callers with the role `admin`. */
  | 'admin';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** The name of the caller's token; empty on public routes. */
    caller: string;
    /** Who is behind the token; null on public routes, and where there is none. */
    identity: Identity | null;
  }
}

export interface AuthOptions {
  readonly tokens: Tokens;
  /** undefined: whoever has the role `writer` */
  readonly writers: ReadonlySet<string> | undefined;
  /** Told of a request without a valid token, and of one to an address that there is not. What it throws is the answer. */
  readonly onStranger?: (request: FastifyRequest) => Promise<void>;
}

/** Asks for a bearer token on every route that does not declare itself public, before the body is read. */
export function installAuth(app: FastifyInstance, { tokens, writers, onStranger }: AuthOptions): void {
  app.decorateRequest('caller', '');
  app.decorateRequest('identity', null);
  app.addHook('onRequest', (request, _reply, done) => {
    const access = request.routeOptions.config?.access ?? 'caller';
    // An unknown address is told so: there is nothing to protect.
    if (access === 'public' || request.is404) {
      if (request.is404 && onStranger) onStranger(request).then(() => done(), done);
      else done();
      return;
    }
    let identity: Identity;
    try {
      identity = authenticate(request, tokens);
      request.identity = identity;
      request.caller = identity.caller;
    } catch (error) {
      const refuse = () => done(error as AppError); // Nothing else is thrown above.
      if (onStranger) onStranger(request).then(refuse, done);
      else refuse();
      return;
    }
    try {
      authorise(access, identity, writers);
      done();
    } catch (error) {
      done(error as AppError); // Nor here.
    }
  });
}

function authorise(access: Access, identity: Identity, writers: ReadonlySet<string> | undefined): void {
  switch (access) {
    case 'public':
    case 'caller':
      return;
    case 'writer':
      if (writers ? writers.has(identity.caller) : identity.roles.has('writer')) return;
      throw new AppError('not_allowed', { message: `"${identity.caller}" does not change documents here.` });
    case 'admin':
      if (identity.roles.has('admin')) return;
      throw new AppError('not_allowed', {
        message: `"${identity.caller}" is no administrator.`,
        cure: 'Use the token of a caller with the role "admin", or give it to this caller in POLICY_FILE ("identities") or in its token file.',
      });
  }
}

const BEARER = /^Bearer +([^\s]{1,4096})$/i;

function authenticate(request: FastifyRequest, tokens: Tokens): Identity {
  const header = request.headers.authorization;
  // Anthropic's clients send their key in a header of its own.
  const key = request.headers['x-api-key'];
  const token = header === undefined && typeof key === 'string' ? key : BEARER.exec(header ?? '')?.[1];
  if (token === undefined) {
    if (header === undefined && tokens.anonymous) return tokens.anonymous;
    const message =
      header === undefined
        ? 'The authorization header is missing.'
        : 'The authorization header is not of the form "Bearer <token>".';
    throw new AppError('unauthenticated', { message });
  }
  const identity = tokens.identify(token);
  if (identity !== undefined) return identity;
  if (tokens.count === 0) {
    throw new AppError('unauthenticated', {
      message: 'No token is configured.',
      cure: 'An operator has to mount a secret with one file per caller at API_TOKENS_DIR.',
    });
  }
  throw new AppError('unauthenticated', { message: 'The token is unknown, or was replaced.' });
}
