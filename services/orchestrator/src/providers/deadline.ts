import { AppError } from '../errors/app-error.ts';
import type { PhaseTimeouts } from './config.ts';

type Phase = Exclude<keyof PhaseTimeouts, 'connect'>;

/**
 * One abort signal for a call: the client's leaving, the time of the current phase, and the total time. It remembers which
 * it was, as the failed request itself only says "aborted".
 */
export class Deadline {
  readonly #abort = new AbortController();
  readonly #timeouts: PhaseTimeouts;
  readonly #total: NodeJS.Timeout;
  readonly #client: AbortSignal;
  #phase: NodeJS.Timeout | undefined;
  #expired: Phase | undefined;

  constructor(timeouts: PhaseTimeouts, client: AbortSignal) {
    this.#timeouts = timeouts;
    this.#client = client;
    this.#total = setTimeout(() => this.#expire('total'), timeouts.total);
    if (client.aborted) this.#abort.abort();
    else client.addEventListener('abort', this.#onClient);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends the phase before, and starts this one. */
  enter(phase: Exclude<Phase, 'total'>): void {
    clearTimeout(this.#phase);
    this.#phase = setTimeout(() => this.#expire(phase), this.#timeouts[phase]);
  }

  /** Stops the clock of the phase: the time until a slow reader takes the next chunk is not the provider's. */
  pause(): void {
    clearTimeout(this.#phase);
  }

  end(): void {
    clearTimeout(this.#phase);
    clearTimeout(this.#total);
    this.#client.removeEventListener('abort', this.#onClient);
  }

  /** Ends the upstream request, whatever state it is in. */
  abort(): void {
    this.end();
    this.#abort.abort();
  }

  /** Why the call was aborted, when it was. */
  reason(cause: unknown): AppError | undefined {
    if (this.#client.aborted) return new AppError('client_closed', { cause });
    if (this.#expired !== undefined) return timeoutError(this.#expired, cause);
    return undefined;
  }

  readonly #onClient = () => this.#abort.abort();

  #expire(phase: Phase): void {
    this.#expired = phase;
    this.#abort.abort();
  }
}

export function timeoutError(phase: keyof PhaseTimeouts, cause: unknown): AppError {
  return new AppError('upstream_timeout', { message: `Phase: ${phase}.`, cause });
}
