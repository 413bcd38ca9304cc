import type { Dispatcher } from 'undici';
import { AppError } from '../errors/app-error.ts';
import { codeOf, describeError } from '../errors/describe.ts';
import type { PhaseTimeouts } from './config-timeouts.ts';

/** Reads a header of the answer by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

/** Who takes the answer, as it comes. After `end` or `fail`, of which exactly one is called, nothing more comes. */
export interface Sink {
  headers(status: number, header: ReadHeader): void;
  /** @returns false to get nothing more until {@link Exchange.resume} */
  data(chunk: Buffer): boolean;
  end(): void;
  fail(error: AppError): void;
}

type Phase = 'headers' | 'answer' | 'firstToken' | 'betweenChunks' | 'total';

/**
 * One request to a backend and its answer, with a clock for each phase. It sits directly on undici's dispatcher: no stream and
 * no abort signal in between, and a reader that is slow stops the socket itself.
 */
export class Exchange implements Dispatcher.DispatchHandlers {
  readonly #name: string;
  readonly #timeouts: PhaseTimeouts;
  readonly #stream: boolean;
  readonly #sink: Sink;
  readonly #total: NodeJS.Timeout;
  readonly #onOver: () => void;
  #timer: NodeJS.Timeout;
  #phase: Phase;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #paused = false;
  #over = false;
  #answered = false;

  /** @param stream Whether the answer comes as it is made; decides which clocks run. */
  constructor(name: string, timeouts: PhaseTimeouts, stream: boolean, sink: Sink, onOver: () => void) {
    this.#name = name;
    this.#timeouts = timeouts;
    this.#stream = stream;
    this.#sink = sink;
    this.#onOver = onOver;
    this.#phase = stream ? 'headers' : 'answer';
    this.#timer = setTimeout(this.#expire, timeouts[this.#phase]);
    this.#total = setTimeout(this.#expireTotal, timeouts.total);
  }

  /** The first content came: from now on, the clock is that of the chunks. */
  content(): void {
    if (this.#phase === 'firstToken') this.#enter('betweenChunks');
  }

  /** After a reader that was too slow. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#over) return;
    this.#enter(this.#phase);
    this.#resume?.();
  }

  /** Ends the request, in whatever state it is, and tells the sink. */
  abort(error: AppError): void {
    if (this.#finish()) this.#sink.fail(error);
    this.#abort?.();
  }

  /** Everything that was needed came. What is left is read, if it comes soon, so that the connection can be used again. */
  release(): void {
    if (!this.#finish()) return;
    if (this.#paused) this.#resume?.();
    const abort = this.#abort;
    if (abort) this.#timer = setTimeout(abort, 1_000).unref();
  }

  // What undici calls.

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#over) abort();
  }

  onHeaders(status: number, raw: Buffer[] | string[] | null, resume: () => void): boolean {
    if (status < 200 || this.#over) return true;
    this.#resume = resume;
    this.#answered = true;
    this.#enter(this.#stream ? 'firstToken' : 'betweenChunks');
    this.#sink.headers(status, (name) => find(raw, name));
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#over) return true;
    if (this.#phase === 'betweenChunks') this.#timer.refresh();
    const more = this.#sink.data(chunk);
    if (!more && !this.#over) {
      // How long the reader takes is not the provider's fault.
      this.#paused = true;
      clearTimeout(this.#timer);
    }
    return more || this.#over;
  }

  onComplete(): void {
    if (this.#finish()) this.#sink.end();
    clearTimeout(this.#timer);
  }

  onError(error: Error): void {
    if (this.#finish()) this.#sink.fail(this.#failure(error));
    clearTimeout(this.#timer);
  }

  /** @returns false when it was over before */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#total);
    this.#onOver();
    return true;
  }

  #enter(phase: Phase): void {
    clearTimeout(this.#timer);
    this.#phase = phase;
    this.#timer = setTimeout(this.#expire, this.#timeouts[phase]);
  }

  readonly #expire = (): void => this.abort(timeoutError(this.#phase));
  readonly #expireTotal = (): void => this.abort(timeoutError('total'));

  #failure(error: Error): AppError {
    const code = codeOf(error);
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return timeoutError('connect', error);
    const message = `${this.#name}: ${describeError(error)}.`;
    return new AppError(this.#answered ? 'upstream_cut' : 'upstream_failed', { message, cause: error });
  }
}

export function timeoutError(phase: keyof PhaseTimeouts, cause?: unknown): AppError {
  return new AppError('upstream_timeout', { message: `Phase: ${phase}.`, cause });
}

function find(raw: Buffer[] | string[] | null, name: string): string | undefined {
  if (!raw) return undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const key = String(raw[at]);
    if (key.length === name.length && key.toLowerCase() === name) return String(raw[at + 1]);
  }
  return undefined;
}
