import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What the upstream saw of one request. */
export interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
  /** Resolves when the connection of this request is closed before the answer is complete. */
  readonly aborted: Promise<number>;
}

/** An upstream that answers as each test says, and records what it was asked. */
export class Upstream {
  readonly seen: Seen[] = [];
  answer: (response: ServerResponse, seen: Seen) => void = (response) => void response.end();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const aborted = new Promise<number>((resolve) => {
      response.once('close', () => {
        if (!response.writableFinished) resolve(performance.now());
      });
    });
    const seen = { headers: request.headers, body: JSON.parse(body || '{}'), aborted };
    this.seen.push(seen);
    this.answer(response, seen);
  });

  async start(): Promise<string> {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A recorded stream: a role, some content with characters of several bytes, the usage, and the end. */
export const RECORDED = [
  { choices: [{ index: 0, delta: { role: 'assistant' } }] },
  { choices: [{ index: 0, delta: { content: 'Übung ' } }] },
  { choices: [{ index: 0, delta: { content: 'macht 🛶' } }] },
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { choices: [], usage: { prompt_tokens: 11, completion_tokens: 3 } },
]
  .map((chunk) => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...chunk })}\n\n`)
  .join('')
  .concat('data: [DONE]\n\n');
