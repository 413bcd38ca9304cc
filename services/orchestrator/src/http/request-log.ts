import type { FastifyBaseLogger } from 'fastify';

const METHODS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/**
 * The logger of a request, made when the request has something to say: nearly none has, and making one takes longer than
 * writing a line.
 */
class RequestLog {
  readonly #parent: FastifyBaseLogger;
  readonly #bindings: Record<string, unknown>;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, bindings: Record<string, unknown>) {
    this.#parent = parent;
    this.#bindings = bindings;
  }

  static {
    for (const method of METHODS) {
      Object.defineProperty(RequestLog.prototype, method, {
        value(this: RequestLog, ...given: unknown[]) {
          Reflect.apply(this.made[method], this.made, given);
        },
      });
    }
  }

  get level(): string {
    return this.#parent.level;
  }

  get made(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(this.#bindings);
    return this.#made;
  }

  child(...given: Parameters<FastifyBaseLogger['child']>): FastifyBaseLogger {
    return this.made.child(...given);
  }
}

/** Fastify's option `childLoggerFactory`. */
export function requestLog(parent: FastifyBaseLogger, bindings: Record<string, unknown>): FastifyBaseLogger {
  return new RequestLog(parent, bindings) as RequestLog & FastifyBaseLogger; // The methods are defined above, one by one.
}
