import { AppError } from '../errors/app-error.ts';
import type { Backend, BackendRequest } from '../providers/backend.ts';
import type { Exchange, ReadHeader, Sink } from '../providers/exchange.ts';
import type { Noted } from '../providers/noted.ts';
import { rejection } from '../providers/rejection.ts';
import type { StreamCodec } from '../providers/stream-codec.ts';

/** Who takes the events, once there is content. */
export interface StreamConsumer {
  /** @returns false to get nothing more until {@link UpstreamStream.resume} */
  write(bytes: Buffer): boolean;
  /** The stream is complete, and what was written says so. */
  end(): void;
  fail(error: AppError): void;
}

/** What a stream tells about itself, once, when it is over. */
export type StreamEnd = (error: AppError | undefined) => void;

/** What may come before the first content, such as signs of life. */
const LARGEST_PRELUDE = 1024 * 1024;

/** What waits for a consumer that is not there yet. */
const LARGEST_WAITING = 256 * 1024;

/**
 * A stream of one backend. Nothing of it is given out before its first content: until then, another backend can take over
 * without the caller seeing anything of this one.
 */
export class UpstreamStream implements Sink {
  /** Resolves with the first content, or the end of an empty answer; rejects when the stream fails before. */
  readonly opened: Promise<void>;
  readonly #codec: StreamCodec;
  readonly #name: string;
  readonly #onFirst: () => void;
  #exchange: Exchange | undefined;
  #open: () => void = () => undefined;
  #refuse: (error: AppError) => void = () => undefined;
  #onEnd: StreamEnd | undefined;
  #consumer: StreamConsumer | undefined;
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  #state: 'prelude' | 'flowing' | 'complete' | 'failed' = 'prelude';
  #failure: AppError | undefined;
  #status = 0;
  #rejected: Buffer[] | undefined;
  #header: ReadHeader = () => undefined;

  /**
   * @param options.after What has to be written before the request.
   * @param options.onFirst Called with the first content.
   */
  constructor(
    backend: Backend,
    request: BackendRequest,
    {
      codec,
      after,
      onFirst,
    }: { readonly codec: StreamCodec; readonly after: Noted | undefined; readonly onFirst: () => void },
  ) {
    this.#codec = codec;
    this.#name = backend.name;
    this.#onFirst = onFirst;
    this.opened = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#refuse = reject;
    });
    this.#exchange = backend.send(request, this, after);
  }

  get codec(): StreamCodec {
    return this.#codec;
  }

  /** Gives the consumer what came so far, and all that comes. */
  attach(consumer: StreamConsumer, onEnd: StreamEnd): void {
    this.#consumer = consumer;
    this.#onEnd = onEnd;
    const waiting = this.#waiting;
    this.#waiting = [];
    let more = true;
    for (const bytes of waiting) more = consumer.write(bytes);
    this.#settle();
    if (more) this.resume();
  }

  resume(): void {
    this.#exchange?.resume();
  }

  /** Ends it, and the backend's work with it. */
  abort(error: AppError): void {
    if (this.#state === 'complete' || this.#state === 'failed') return;
    this.#fail(error);
  }

  headers(status: number, header: ReadHeader): void {
    this.#status = status;
    if (status === 200) return;
    this.#header = header;
    this.#rejected = [];
  }

  data(chunk: Buffer): boolean {
    if (this.#rejected) {
      this.#waitingSize += chunk.length;
      if (this.#waitingSize > 64 * 1024) this.#reject();
      else this.#rejected.push(chunk);
      return true;
    }
    let piece: ReturnType<StreamCodec['push']>;
    try {
      piece = this.#codec.push(chunk);
    } catch (error) {
      this.#fail(error instanceof AppError ? error : new AppError('upstream_failed', { cause: error }));
      return true;
    }
    const { bytes, content, done } = piece;
    if (this.#state === 'prelude') {
      if (content) this.#exchange?.content();
      if (content || done) this.#begin(content);
    }
    let more = true;
    if (bytes) {
      if (this.#consumer) more = this.#consumer.write(bytes);
      else {
        this.#waiting.push(bytes);
        this.#waitingSize += bytes.length;
        if (this.#state === 'prelude' && this.#waitingSize > LARGEST_PRELUDE) {
          this.#fail(new AppError('upstream_failed', { message: `${this.#name} sent much, but no content.` }));
          return true;
        }
        more = this.#state === 'prelude' || this.#waitingSize < LARGEST_WAITING;
      }
    }
    if (done) {
      this.#state = 'complete';
      this.#exchange?.release();
      this.#settle();
      return true;
    }
    return more;
  }

  end(): void {
    if (this.#rejected) this.#reject();
    // The body ended without saying that it is complete: as far as anyone can know, something is missing.
    else this.#fail(new AppError('upstream_cut'));
  }

  fail(error: AppError): void {
    if (this.#rejected && error.code === 'upstream_cut') this.#reject();
    else this.#fail(error);
  }

  #begin(content: boolean): void {
    this.#state = 'flowing';
    if (content) this.#onFirst();
    this.#open();
  }

  #reject(): void {
    const body = Buffer.concat(this.#rejected ?? []).toString('utf8');
    this.#fail(rejection(this.#name, this.#status, this.#header, body));
  }

  #fail(error: AppError): void {
    if (this.#state === 'complete' || this.#state === 'failed') return;
    const before = this.#state;
    this.#state = 'failed';
    this.#failure = error;
    this.#exchange?.abort(error);
    if (before === 'prelude') this.#refuse(error);
    else this.#settle();
  }

  /** Tells the consumer the end, once both are there. */
  #settle(): void {
    const consumer = this.#consumer;
    if (!consumer || (this.#state !== 'complete' && this.#state !== 'failed')) return;
    this.#consumer = undefined;
    // The end is told before the caller can know of it.
    this.#onEnd?.(this.#failure);
    if (this.#failure) consumer.fail(this.#failure);
    else consumer.end();
  }
}
