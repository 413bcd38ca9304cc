import { connect, type Socket } from 'node:net';

/** What one request took, in milliseconds. */
export interface Timing {
  readonly firstByte: number;
  readonly whole: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CHUNKS_END = Buffer.from('0\r\n\r\n');

/**
 * One kept-alive connection over which one request after the other is sent. Bare TCP: a load generator that works hard takes
 * the processor from what it measures, and common ones neither tell microseconds nor when the first byte of a body came.
 */
export class Connection {
  readonly #socket: Socket;
  #onData: (chunk: Buffer) => void = () => undefined;
  #onFailure: (error: Error) => void = () => undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('error', (error) => this.#onFailure(error));
    socket.on('close', () => this.#onFailure(new Error('the connection was closed')));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => resolve(new Connection(socket)));
      socket.once('error', reject);
    });
  }

  /** @throws when the status is not 200, or the connection ends */
  send(request: Buffer): Promise<Timing> {
    return new Promise((resolve, reject) => {
      const started = performance.now();
      let firstByte = 0;
      let head: Buffer | undefined = Buffer.alloc(0);
      /** Bytes of the body still to come; undefined: it is chunked. */
      let left: number | undefined;
      this.#onFailure = reject;
      this.#onData = (chunk) => {
        let body = chunk;
        if (head) {
          head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
          const end = head.indexOf(HEAD_END);
          if (end < 0) return;
          const text = head.subarray(0, end).toString('latin1');
          if (!text.startsWith('HTTP/1.1 200')) {
            reject(new Error(`${text.slice(0, 64)}: ${head.subarray(end).toString().slice(0, 300)}`));
            return;
          }
          const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
          left = length === undefined ? undefined : Number(length);
          body = head.subarray(end + HEAD_END.length);
          head = undefined;
        }
        if (body.length === 0) return;
        if (firstByte === 0) firstByte = performance.now() - started;
        if (left !== undefined) left -= body.length;
        const over = left === undefined ? body.subarray(-CHUNKS_END.length).equals(CHUNKS_END) : left <= 0;
        if (over) resolve({ firstByte, whole: performance.now() - started });
      };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#onFailure = () => undefined;
    this.#socket.destroy();
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
