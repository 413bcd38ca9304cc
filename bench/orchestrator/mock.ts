/**
 * A provider that answers at once, always the same: what is measured behind it is the gateway. Prints its port.
 *
 *   node bench/orchestrator/mock.ts
 */
import { createServer } from 'node:http';

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
].map((event) => Buffer.from(event));

const server = createServer((request, response) => {
  let stream = false;
  request.on('data', (part: Buffer) => {
    stream ||= part.includes('"stream":true');
  });
  request.on('end', () => {
    if (!stream) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': json.length });
      response.end(json);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    let at = 0;
    // An event at a time, as models do, though faster than any of them.
    const next = (): void => {
      const event = events[at];
      at += 1;
      if (!event) response.end();
      else response.write(event, next);
    };
    next();
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
