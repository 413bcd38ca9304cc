import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Fault, none } from './fault.ts';
import { contentEvent, RECORDINGS } from './recordings.ts';

export type Dialect = 'openai' | 'anthropic';

/** What the upstream was asked, and what became of its answer. */
export interface Asked {
  readonly dialect: Dialect;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Resolves with the time (performance.now) at which the other side closed before the answer was complete. */
  readonly gone: Promise<number>;
  /** Resolves when the answer was sent completely. */
  readonly sent: Promise<void>;
}

/**
 * A provider that fails as it is told. It speaks both dialects, each at its own path, answers from recordings, and keeps what
 * it was asked. A real HTTP server: connections, half-sent bodies and back-pressure are those of the real thing.
 */
export class FaultyUpstream {
  readonly asked: Asked[] = [];
  /** Faults of the next requests, in their order; then `fault` holds. */
  readonly next: Fault[] = [];
  fault: Fault = none;
  /** Which recording is played. */
  plays: 'text' | 'tool' = 'text';
  /** Bytes that a flood has written so far. */
  written = 0;
  url = '';
  readonly #obeys: boolean;
  readonly #gates: (() => void)[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => void this.#take(request, response));

  /** @param options.obeys Whether requests may bring their own fault. @default true */
  constructor({ obeys = true }: { readonly obeys?: boolean } = {}) {
    this.#obeys = obeys;
  }

  async start(): Promise<this> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    return this;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Lets everything go on that waits at a gate. */
  release(): void {
    for (const open of this.#gates.splice(0)) open();
  }

  reset(): void {
    this.asked.length = 0;
    this.next.length = 0;
    this.fault = none;
    this.plays = 'text';
    this.written = 0;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer); // No encoding is set, so these are buffers.
    const dialect: Dialect = request.url?.endsWith('/messages') ? 'anthropic' : 'openai';
    const body: Record<string, unknown> = JSON.parse(Buffer.concat(parts).toString('utf8') || '{}');
    const gone = new Promise<number>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve(performance.now());
      });
    });
    const sent = new Promise<void>((resolve) => response.once('finish', resolve));
    this.asked.push({ dialect, path: request.url ?? '', headers: request.headers, body, gone, sent });
    const fault = (this.#obeys ? toldFault(body) : undefined) ?? this.next.shift() ?? this.fault;
    if (fault.kind === 'latency') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    this.#answer(response, dialect, body, fault);
  }

  #answer(response: ServerResponse, dialect: Dialect, body: Record<string, unknown>, fault: Fault): void {
    const stream = body.stream === true;
    const recording = RECORDINGS[dialect][this.plays];
    const text = stream ? recording.stream : this.#json(recording.json, body);
    const bytes = Buffer.from(text);
    const begin = (): ServerResponse =>
      response.writeHead(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
    switch (fault.kind) {
      case 'none':
      case 'latency':
        begin().end(bytes);
        return;
      case 'status':
        response
          .writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers })
          .end(fault.body ?? errorBody(dialect, fault.status, body));
        return;
      case 'cut':
        begin();
        if (fault.at === 0) {
          response.flushHeaders();
          setImmediate(() => response.destroy());
        } else response.write(bytes.subarray(0, fault.at), () => response.destroy());
        return;
      case 'stall':
        begin().write(bytes.subarray(0, fault.at));
        return;
      case 'gate':
        begin().write(bytes.subarray(0, fault.at));
        this.#gates.push(() => response.end(bytes.subarray(fault.at)));
        return;
      case 'hang':
        return;
      case 'reset':
        response.destroy();
        return;
      case 'malformed': {
        const events = text.split('\n\n');
        events[fault.event] = (events[fault.event] ?? '').replace(/data: .*/, 'data: {"choices": [canary-malformed');
        begin();
        this.#pieces(response, Buffer.from(events.join('\n\n')), 64, 0);
        return;
      }
      case 'pieces':
        begin();
        this.#pieces(response, bytes, fault.size, 0);
        return;
      case 'unfinished': {
        const events = text.split('\n\n');
        begin().end(`${events.slice(0, -2).join('\n\n')}\n\n`);
        return;
      }
      case 'flood':
        begin();
        this.#flood(response, dialect, recording.stream, fault.bytes);
        return;
    }
  }

  /** Embeddings are made for as many texts as were sent. */
  #json(json: string, { input }: Record<string, unknown>): string {
    if (input === undefined) return json;
    const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
    const data = texts.map((_, index) => ({ object: 'embedding', index, embedding: [0.6, 0.8] }));
    return JSON.stringify({
      object: 'list',
      model: 'up-embed',
      data,
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
  }

  /** Each piece is its own write, after the one before has left the process. */
  #pieces(response: ServerResponse, bytes: Buffer, size: number, at: number): void {
    if (at >= bytes.length) {
      response.end();
      return;
    }
    response.write(bytes.subarray(at, at + size), () =>
      setImmediate(() => this.#pieces(response, bytes, size, at + size)),
    );
  }

  #flood(response: ServerResponse, dialect: Dialect, recording: string, bytes: number): void {
    const [head = '', tail = ''] = split(recording);
    const event = Buffer.from(contentEvent(dialect, 'x'.repeat(16_000)));
    response.write(head);
    const push = (): void => {
      for (;;) {
        if (this.written >= bytes) {
          response.end(tail);
          return;
        }
        this.written += event.length;
        if (!response.write(event)) break;
      }
      response.once('drain', push);
    };
    push();
  }
}

/** A request may bring its own fault, as the name of its user, which both dialects have: so many can run side by side. */
export function faultAsUser(fault: Fault): string {
  return `fault:${JSON.stringify(fault)}`;
}

function toldFault({ user, metadata }: Record<string, unknown>): Fault | undefined {
  const inner = typeof metadata === 'object' && metadata !== null && 'user_id' in metadata ? metadata.user_id : user;
  if (typeof inner !== 'string' || !inner.startsWith('fault:')) return undefined;
  // Written by faultAsUser.
  return JSON.parse(inner.slice('fault:'.length)) as Fault;
}

/** A recording's part before, and after, its first text. */
function split(recording: string): readonly [string, string] {
  const events = recording.split('\n\n');
  const first = events.findIndex((event) => event.includes('Übung'));
  const last = events.findIndex((event) => event.includes('Meister'));
  return [`${events.slice(0, first).join('\n\n')}\n\n`, events.slice(last + 1).join('\n\n')];
}

function errorBody(dialect: Dialect, status: number, body: Record<string, unknown>): string {
  const quoted = JSON.stringify(body.messages ?? body.input);
  return dialect === 'anthropic'
    ? JSON.stringify({ type: 'error', error: { type: 'api_error', message: `Status ${status}: ${quoted}` } })
    : JSON.stringify({
        error: { message: `Status ${status}: ${quoted}`, type: 'server_error', param: null, code: null },
      });
}
