import { AppError } from '../errors/app-error.ts';
import type { Backend, BackendRequest } from '../providers/backend.ts';
import type { Exchange, ReadHeader, Sink } from '../providers/exchange.ts';
import type { Noted } from '../providers/noted.ts';
import { rejection } from '../providers/rejection.ts';

/** The largest answer that is read whole. */
const LARGEST_BODY = 32 * 1024 * 1024;

/** A whole answer of one backend. */
export class UpstreamAnswer implements Sink {
  /** The body of a success. Rejects with what went wrong. */
  readonly body: Promise<Buffer>;
  readonly #name: string;
  #exchange: Exchange | undefined;
  #resolve: (body: Buffer) => void = () => undefined;
  #reject: (error: AppError) => void = () => undefined;
  #parts: Buffer[] = [];
  #size = 0;
  #status = 0;
  #header: ReadHeader = () => undefined;

  /** @param after What has to be written before the request. */
  constructor(backend: Backend, request: BackendRequest, after: Noted | undefined) {
    this.#name = backend.name;
    this.body = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#exchange = backend.send(request, this, after);
  }

  abort(error: AppError): void {
    this.#exchange?.abort(error);
  }

  headers(status: number, header: ReadHeader): void {
    this.#status = status;
    this.#header = header;
  }

  data(chunk: Buffer): boolean {
    this.#size += chunk.length;
    if (this.#size <= LARGEST_BODY) this.#parts.push(chunk);
    else this.#exchange?.abort(new AppError('upstream_failed', { message: 'Its answer is too large.' }));
    return true;
  }

  end(): void {
    const [only] = this.#parts;
    const body = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    if (this.#status === 200) this.#resolve(body);
    else this.#reject(rejection(this.#name, this.#status, this.#header, body.subarray(0, 65_536).toString('utf8')));
  }

  fail(error: AppError): void {
    if (this.#status !== 0 && this.#status !== 200 && error.code === 'upstream_cut') this.end();
    else this.#reject(error);
  }
}
