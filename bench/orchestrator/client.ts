import { connect, type Socket } from 'node:net';

/** What one request took, in milliseconds. */
export interface Timing {
  readonly firstByte: number;
  readonly whole: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKS_END = Buffer.from('0\r\n\r\n');
const OK = Buffer.from('HTTP/1.1 200');
const LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * One kept-alive connection over which one request after the other is sent. Bare TCP, and no object made for a request that can be
 * spared: a load generator that works hard takes the processor from what it measures, and common ones neither tell microseconds
 * nor when the first byte of a body came.
 */
export class Connection {
  readonly #socket: Socket;
  #onAnswer: (timing: Timing) => void = () => undefined;
  #onFailure: (error: Error) => void = () => undefined;
  #started = 0;
  #firstByte = 0;
  /** What came of a head that is not complete. */
  #head: Buffer | undefined;
  #inBody = false;
  /** Bytes of the body still to come; undefined: it is chunked. */
  #left: number | undefined;

  private constructor(port: number, onOpen: (connection: Connection) => void, onRefused: (error: Error) => void) {
    this.#onFailure = onRefused;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      // One buffer for all that comes: making one for each piece takes longer than reading it.
      onread: {
        buffer: Buffer.allocUnsafe(64 * 1024),
        callback: (size, buffer) => {
          this.#take((buffer as Buffer).subarray(0, size)); // The one above.
          return true;
        },
      },
    });
    this.#socket.on('connect', () => onOpen(this));
    this.#socket.on('error', (error) => this.#onFailure(error));
    this.#socket.on('close', () => this.#onFailure(new Error('the connection was closed')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => new Connection(port, resolve, reject));
  }

  /** Fails when the status is not 200, or the connection ends. */
  send(request: Buffer, onAnswer: (timing: Timing) => void, onFailure: (error: Error) => void): void {
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
    this.#started = performance.now();
    this.#firstByte = 0;
    this.#inBody = false;
    this.#socket.write(request);
  }

  /** The same as a promise. */
  ask(request: Buffer): Promise<Timing> {
    return new Promise((resolve, reject) => this.send(request, resolve, reject));
  }

  close(): void {
    this.#onFailure = () => undefined;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let body = chunk;
    if (!this.#inBody) {
      // A copy: the next piece comes into the same buffer.
      const head = this.#head ? Buffer.concat([this.#head, chunk]) : chunk;
      const end = head.indexOf(HEAD_END);
      if (end < 0) {
        this.#head = Buffer.from(head);
        return;
      }
      this.#head = undefined;
      if (head.compare(OK, 0, OK.length, 0, OK.length) !== 0) {
        this.#onFailure(new Error(`${head.toString('latin1', 0, 64)}: ${head.subarray(end).toString().slice(0, 300)}`));
        return;
      }
      const length = LENGTH.exec(head.toString('latin1', 0, end))?.[1];
      this.#left = length === undefined ? undefined : Number(length);
      this.#inBody = true;
      body = head.subarray(end + HEAD_END.length);
    }
    if (body.length === 0) return;
    if (this.#firstByte === 0) this.#firstByte = performance.now() - this.#started;
    if (this.#left !== undefined) this.#left -= body.length;
    const over = this.#left === undefined ? body.subarray(-CHUNKS_END.length).equals(CHUNKS_END) : this.#left <= 0;
    if (over) this.#onAnswer({ firstByte: this.#firstByte, whole: performance.now() - this.#started });
  }
}

/** A request as bytes. */
export function request(path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const lines = Object.entries({
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
}
