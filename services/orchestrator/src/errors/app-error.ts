import { CATALOGUE, type ErrorCode } from './catalogue.ts';

/** One problem with one field. */
export interface ErrorDetail {
  /** Where, as a path into the request: `body.limit`, `params.id`. */
  readonly path: string;
  readonly problem: string;
  readonly cure: string;
}

export interface AppErrorOptions {
  /** Appended to the catalogue's message. Never holds a prompt, a document or a key. */
  readonly message?: string;
  readonly cure?: string;
  readonly details?: readonly ErrorDetail[];
  /** For Retry-After. */
  readonly retryAfterSeconds?: number;
  /** Replaces the catalogue's status, where an upstream's own status says more. */
  readonly status?: number;
  readonly cause?: unknown;
}

/** An error of the catalogue, on its way to a caller. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly statusCode: number;
  readonly cure: string;
  readonly details: readonly ErrorDetail[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    const entry = CATALOGUE[code];
    super(options.message ? `${entry.message} ${options.message}` : entry.message, { cause: options.cause });
    this.code = code;
    this.statusCode = options.status ?? entry.status;
    this.cure = options.cure ?? entry.cure;
    this.details = options.details ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** The answer's body; its shape is the one that OpenAI's clients read, with path and cure added. */
  toBody(requestId?: string): ErrorBody {
    const first = this.details[0];
    return {
      error: {
        message: first ? `${this.message} ${first.path}: ${first.problem}` : this.message,
        type: CATALOGUE[this.code].type,
        code: this.code,
        param: first?.path ?? null,
        status: this.statusCode,
        cure: first?.cure ?? this.cure,
        ...(this.details.length > 0 ? { details: this.details } : {}),
        ...(requestId === undefined ? {} : { request_id: requestId }),
      },
    };
  }
}

export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
    readonly status: number;
    readonly cure: string;
    readonly details?: readonly ErrorDetail[];
    readonly request_id?: string;
  };
}
