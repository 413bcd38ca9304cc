/**
 * A provider that answers at once, always the same. Prints its port. Bare TCP, as the load generator: what it took of the processor
 * would be missing to the gateways. It reads no more of HTTP than they send it: bodies with a length.
 *
 *   node bench/orchestrator/mock.ts
 */
import { createServer, type Socket } from 'node:net';

const usage = {
  prompt_tokens: 120,
  completion_tokens: 60,
  total_tokens: 180,
  prompt_tokens_details: { cached_tokens: 0 },
};
const head = { id: 'chatcmpl-mock', created: 1_790_000_000, model: 'mock' };
const words = 'The keel carries the load of the hull, and every frame of it stands on the keel. '.split(' ');

const json = Buffer.from(
  JSON.stringify({
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: words.join(' ').repeat(4) },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage,
  }),
);
const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...fields })}\n\n`;
const delta = (part: object, finish: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: part, logprobs: null, finish_reason: finish }] });
const events = [
  delta({ role: 'assistant', content: 'The' }),
  ...words.slice(1).map((word) => delta({ content: ` ${word}` })),
  delta({}, 'stop'),
  chunk({ choices: [], usage }),
  'data: [DONE]\n\n',
];

const answer = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n`),
  json,
]);
const streamHead = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const framed = events.map((event) => `${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
const parts = [streamHead + framed[0], ...framed.slice(1), '0\r\n\r\n'].map((part) => Buffer.from(part));

const HEAD_END = Buffer.from('\r\n\r\n');

/** An event at a time, as models do, though faster than any of them. */
function stream(socket: Socket): void {
  let at = 0;
  const next = (): void => {
    const part = parts[at];
    at += 1;
    if (part) socket.write(part, next);
  };
  next();
}

const server = createServer({ noDelay: true }, (socket) => {
  let waiting: Buffer | undefined;
  socket.on('data', (chunk: Buffer) => {
    let all = waiting ? Buffer.concat([waiting, chunk]) : chunk;
    waiting = undefined;
    while (all.length > 0) {
      const head = all.indexOf(HEAD_END);
      const length =
        head < 0 ? undefined : /\r\ncontent-length: *(\d+)/i.exec(all.subarray(0, head).toString('latin1'))?.[1];
      const end = head + HEAD_END.length + Number(length ?? 0);
      if (head < 0 || all.length < end) {
        waiting = all;
        return;
      }
      if (all.subarray(head, end).includes('"stream":true')) stream(socket);
      else socket.write(answer);
      all = all.subarray(end);
    }
  });
  // Whoever is measured may leave in the middle.
  socket.on('error', () => socket.destroy());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
