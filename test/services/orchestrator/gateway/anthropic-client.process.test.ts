import Anthropic from '@anthropic-ai/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ARGUMENTS, RECORDINGS, TEXT } from '../../../support/upstream/recordings.ts';
import { type Dialect, FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
let gateway: TestGateway;
let client: Anthropic;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
afterEach(() => gateway.close());

const tools: Anthropic.Tool[] = [
  {
    name: 'weather',
    description: 'Tells the weather',
    input_schema: { type: 'object', properties: { place: { type: 'string' } } },
  },
];
const ask = { model: 'small', max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say it.' }] };

describe.each<Dialect>(['openai', 'anthropic'])("Anthropic's client, with a provider that speaks %s", (dialect) => {
  beforeEach(async () => {
    upstream.reset();
    gateway = await gatewayOver([{ upstream, dialect }], { breaker: { failures: 1000 } });
    client = new Anthropic({ baseURL: gateway.url, apiKey: 'token-of-alice', maxRetries: 0 });
  });

  it('gets a whole message, with its usage and the cached part beside it', async () => {
    const message = await client.messages.create(ask);
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: TEXT.join('') }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 7, cache_read_input_tokens: 4, output_tokens: 7 },
    });
    expect(upstream.asked[0]?.body).toMatchObject({ model: 'up-small', max_tokens: 100 });
  });

  it('gets a stream whose parts make the same message', async () => {
    const texts: string[] = [];
    const stream = client.messages.stream(ask).on('text', (text) => texts.push(text));
    const message = await stream.finalMessage();
    expect(texts).toEqual(TEXT);
    expect(message).toMatchObject({
      content: [{ type: 'text', text: TEXT.join('') }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 7, cache_read_input_tokens: 4, output_tokens: 7 },
    });
  });

  it('gets tool calls, whole and as a stream', async () => {
    upstream.plays = 'tool';
    const whole = await client.messages.create({ ...ask, tools });
    const streamed = await client.messages.stream({ ...ask, tools }).finalMessage();
    for (const { content, stop_reason: stop } of [whole, streamed]) {
      expect(stop).toBe('tool_use');
      expect(content.at(-1)).toMatchObject({ type: 'tool_use', id: 'call_1', name: 'weather', input: ARGUMENTS });
    }
  });

  it('throws when a stream is cut, and has what came before', async () => {
    upstream.fault = { kind: 'cut', at: Buffer.byteLength(RECORDINGS[dialect].text.stream) - 150 };
    const texts: string[] = [];
    const stream = client.messages.stream(ask).on('text', (text) => texts.push(text));
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIError);
    expect(TEXT.join('').startsWith(texts.join(''))).toBe(true);
    expect(texts.join('')).not.toBe('');
  });

  it('gets the errors of its own types', async () => {
    upstream.fault = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };
    await expect(client.messages.create(ask)).rejects.toThrow(Anthropic.RateLimitError);
    await expect(client.messages.create({ ...ask, model: 'none' })).rejects.toMatchObject({
      status: 404,
      type: 'not_found_error',
    });
    await expect(client.withOptions({ apiKey: 'wrong' }).messages.create(ask)).rejects.toMatchObject({
      status: 401,
      type: 'authentication_error',
    });
    await expect(client.messages.create({ ...ask, max_tokens: 0 })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
      error: { error: { param: 'body.max_tokens' } },
    });
  });
});
