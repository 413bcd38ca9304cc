import { Pool } from 'undici';
import type { AppError } from '../errors/app-error.ts';
import { Breaker, type BreakerOptions, type BreakerState, type Pass } from './breaker.ts';
import type { ProviderConfig, ProviderKind } from './config.ts';
import { Deadlines } from './deadlines.ts';
import { Exchange, type ExchangeHost, type Sink } from './exchange.ts';
import { KeyFile } from './key-file.ts';
import { Latency } from './latency.ts';
import type { Noted } from './noted.ts';

/** The version of Anthropic's API that is spoken; https://platform.claude.com/docs/en/api/versioning (2026-11) */
const ANTHROPIC_VERSION = '2023-06-01';

/** A request, in the dialect of the backend. */
export interface BackendRequest {
  /** Below the base address: `/chat/completions`. */
  readonly path: string;
  /** JSON */
  readonly body: string;
  readonly stream: boolean;
  /** Headers of the caller; those that the configuration names are passed on. */
  readonly callerHeaders: Readonly<Record<string, string | string[] | undefined>> | undefined;
}

export interface BackendOptions {
  readonly breaker?: BreakerOptions;
  readonly onBreaker?: (name: string, state: BreakerState) => void;
}

/** A place at the backend: taken before a request, and given back by telling how it went. */
export type Entry = Pass | 'open' | 'resting' | 'full';

/** One configured provider: its connections, key, breaker, and what is known of its health. */
export class Backend {
  readonly config: ProviderConfig;
  readonly name: string;
  readonly tier: number;
  readonly kind: ProviderKind;
  readonly breaker: Breaker;
  readonly latency = new Latency();
  readonly firstToken = new Latency();
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #key: KeyFile | undefined;
  readonly #most: number;
  readonly #host: ExchangeHost;
  #inFlight = 0;
  #restingUntil = 0;
  #lastError: { readonly code: string; readonly at: string } | undefined;

  constructor(config: ProviderConfig, options: BackendOptions = {}) {
    this.config = config;
    this.name = config.name;
    this.tier = config.tier;
    this.kind = config.kind;
    this.breaker = new Breaker({
      ...options.breaker,
      onChange: (state) => options.onBreaker?.(config.name, state),
    });
    const url = new URL(config.baseUrl);
    this.#prefix = url.pathname.replace(/\/+$/, '');
    this.#key = config.apiKeyFile === undefined ? undefined : new KeyFile(config.apiKeyFile);
    this.#most = config.maxInFlight ?? 512;
    this.#host = {
      name: config.name,
      timeouts: config.timeouts,
      deadlines: new Deadlines(),
      onOver: () => {
        this.#inFlight -= 1;
      },
    };
    this.#pool = new Pool(url.origin, {
      // One for each call that may be under way: none waits behind another's stream.
      connections: this.#most,
      connect: { timeout: config.timeouts.connect },
      // The phases have clocks of their own; undici's would end a stream that its reader holds up.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Milliseconds until it may be asked again, after it said so itself (429); 0 when it may. */
  get restingForMs(): number {
    return Math.max(0, this.#restingUntil - performance.now());
  }

  get lastError(): { readonly code: string; readonly at: string } | undefined {
    return this.#lastError;
  }

  enter(): Entry {
    if (this.restingForMs > 0) return 'resting';
    if (this.#inFlight >= this.#most) return 'full';
    return this.breaker.enter() ?? 'open';
  }

  /** Nobody is sent here for that long. */
  rest(seconds: number): void {
    this.#restingUntil = Math.max(this.#restingUntil, performance.now() + seconds * 1000);
  }

  /** Notes a failure for the operator. */
  note(error: AppError): void {
    this.#lastError = { code: error.code, at: new Date().toISOString() };
  }

  /**
   * Sends a request. The sink hears of everything that happens later.
   *
   * @param after What has to be written before it; undefined: nothing.
   * @throws AppError `upstream_credentials` when the key cannot be read
   */
  send(request: BackendRequest, sink: Sink, after?: Noted): Exchange {
    const headers = this.#headers(request);
    this.#inFlight += 1;
    const { body, path, stream } = request;
    const dispatch = (handler: Exchange): void => {
      this.#pool.dispatch({ method: 'POST', path: `${this.#prefix}${path}`, headers, body }, handler);
    };
    const exchange = new Exchange(this.#host, { stream, sink, after, dispatch });
    dispatch(exchange);
    return exchange;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** No header of the caller goes upstream unasked: its token is ours, and others could carry secrets. */
  #headers({ stream, callerHeaders }: BackendRequest): string[] {
    const headers = ['content-type', 'application/json', 'accept', stream ? 'text/event-stream' : 'application/json'];
    const key = this.#key?.read();
    if (this.kind === 'anthropic') {
      if (key !== undefined) headers.push('x-api-key', key);
      headers.push('anthropic-version', ANTHROPIC_VERSION);
    } else if (key !== undefined) headers.push('authorization', `Bearer ${key}`);
    for (const name of this.config.forwardHeaders ?? []) {
      const value = callerHeaders?.[name];
      if (typeof value === 'string') headers.push(name, value);
    }
    return headers;
  }
}
