import { ERRORS, type ErrorCode } from './catalogue.ts';

export interface ApiErrorOptions {
  /** The field that is wrong, such as `inputs[0].shape`. @default - none */
  readonly path?: string;
  /** A better cure than the catalogue's. @default - the catalogue's */
  readonly cure?: string;
  /** Becomes the header Retry-After. @default - none */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** An error that a client gets. Its message may name fields and sizes, and never quotes a text that was sent. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly path: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly #cure: string | undefined;

  constructor(code: ErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.path = options.path;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.#cure = options.cure;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get cure(): string {
    return this.#cure ?? ERRORS[this.code].cure;
  }
}
