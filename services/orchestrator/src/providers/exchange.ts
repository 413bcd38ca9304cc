import type { Dispatcher } from 'undici';
import { AppError } from '../errors/app-error.ts';
import { codeOf, describeError } from '../errors/describe.ts';
import type { PhaseTimeouts } from './config-timeouts.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import type { Noted } from './noted.ts';

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

/** How long the rest of an answer may take that nobody needs, in milliseconds. */
const REST_MS = 1_000;

/** What the exchanges of one backend share. */
export interface ExchangeHost {
  readonly name: string;
  readonly timeouts: PhaseTimeouts;
  readonly deadlines: Deadlines;
  /** Called once, when an exchange is over. */
  onOver(): void;
}

export interface ExchangeOptions {
  /** Whether the answer comes as it is made; decides which clocks run. */
  readonly stream: boolean;
  readonly sink: Sink;
  /** What has to be written before the request; undefined: nothing. */
  readonly after: Noted | undefined;
  /** Gives the request to undici, once more. */
  readonly dispatch: (exchange: Exchange) => void;
}

type Phase = 'headers' | 'answer' | 'firstToken' | 'betweenChunks' | 'total';

/**
 * One request to a backend and its answer, with a clock for each phase. It sits directly on undici's dispatcher: no stream and
 * no abort signal in between, and a reader that is slow stops the socket itself.
 */
export class Exchange implements Dispatcher.DispatchHandlers, Watched {
  slot = -1;
  readonly #host: ExchangeHost;
  readonly #stream: boolean;
  readonly #sink: Sink;
  readonly #after: Noted | undefined;
  readonly #dispatch: (exchange: Exchange) => void;
  readonly #totalEnds: number;
  /** Infinity while the clock stands. */
  #phaseEnds: number;
  #phase: Phase;
  #abort: ((error?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #paused = false;
  #over = false;
  #answered = false;

  constructor(host: ExchangeHost, { stream, sink, after, dispatch }: ExchangeOptions) {
    this.#host = host;
    this.#stream = stream;
    this.#sink = sink;
    this.#after = after;
    this.#dispatch = dispatch;
    this.#phase = stream ? 'headers' : 'answer';
    const now = performance.now();
    this.#phaseEnds = now + host.timeouts[this.#phase];
    this.#totalEnds = now + host.timeouts.total;
    host.deadlines.watch(this);
  }

  look(now: number): void {
    if (now < this.#phaseEnds && (now < this.#totalEnds || this.#over)) return;
    // What was left to read did not come soon.
    if (this.#over) this.#close();
    else this.abort(timeoutError(now < this.#phaseEnds ? 'total' : this.#phase));
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
    this.#close();
  }

  /** Everything that was needed came. What is left is read, if it comes soon, so that the connection can be used again. */
  release(): void {
    if (!this.#finish()) return;
    if (this.#paused) this.#resume?.();
    this.#phaseEnds = performance.now() + REST_MS;
    this.#host.deadlines.watch(this);
  }

  // What undici calls.

  /** The request is about to be written. undici 6.29 comes to this a turn of the event loop after it was given the request, by which time the note is there. */
  onConnect(abort: (error?: Error) => void): void {
    if (this.#after?.written === false) throw new TooEarly();
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
    if (this.#phase === 'betweenChunks') this.#enter('betweenChunks');
    const more = this.#sink.data(chunk);
    if (!more && !this.#over) {
      // How long the reader takes is not the provider's fault.
      this.#paused = true;
      this.#phaseEnds = Number.POSITIVE_INFINITY;
    }
    return more || this.#over;
  }

  onComplete(): void {
    if (this.#finish()) this.#sink.end();
    this.#host.deadlines.forget(this);
  }

  onError(error: Error): void {
    if (error instanceof TooEarly && !this.#over) {
      void this.#after?.whenWritten().then(() => {
        if (!this.#over) this.#dispatch(this);
      });
      return;
    }
    if (this.#finish()) this.#sink.fail(this.#failure(error));
    this.#host.deadlines.forget(this);
  }

  /** @returns false when it was over before */
  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#host.deadlines.forget(this);
    this.#host.onOver();
    return true;
  }

  #close(): void {
    this.#host.deadlines.forget(this);
    this.#abort?.();
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#phaseEnds = performance.now() + this.#host.timeouts[phase];
  }

  #failure(error: Error): AppError {
    const code = codeOf(error);
    if (code === 'UND_ERR_CONNECT_TIMEOUT') return timeoutError('connect', error);
    const message = `${this.#host.name}: ${describeError(error)}.`;
    return new AppError(this.#answered ? 'upstream_cut' : 'upstream_failed', { message, cause: error });
  }
}

/** A request that was not written: what has to be noted before it is not. */
class TooEarly extends Error {}

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
