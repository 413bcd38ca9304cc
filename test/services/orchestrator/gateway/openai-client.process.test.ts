import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { ARGUMENTS, RECORDINGS, TEXT } from '../../../support/upstream/recordings.ts';
import { type Dialect, FaultyUpstream } from '../../../support/upstream/upstream.ts';
import { gatewayOver, type TestGateway } from '../support/gateway.ts';

const upstream = new FaultyUpstream();
let gateway: TestGateway;
let client: OpenAI;
beforeAll(() => upstream.start());
afterAll(() => upstream.stop());
beforeEach(() => upstream.reset());
afterEach(() => gateway.close());

const open = async (dialect: Dialect): Promise<void> => {
  gateway = await gatewayOver([{ upstream, dialect }], { breaker: { failures: 1000 } });
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'token-of-alice', maxRetries: 0 });
};
const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather',
    parameters: { type: 'object', properties: { place: { type: 'string' } } },
  },
};
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Say it.' }];

describe.each<Dialect>(['openai', 'anthropic'])("OpenAI's client, with a provider that speaks %s", (dialect) => {
  beforeEach(() => open(dialect));

  it('gets a whole answer, with its usage and the cached part of it', async () => {
    const { choices, usage, object } = await client.chat.completions.create({ model: 'small', messages });
    expect(object).toBe('chat.completion');
    expect(choices[0]).toMatchObject({
      index: 0,
      finish_reason: 'stop',
      message: { role: 'assistant', content: TEXT.join('') },
    });
    expect(usage).toMatchObject({
      prompt_tokens: 11,
      completion_tokens: 7,
      total_tokens: 18,
      prompt_tokens_details: { cached_tokens: 4 },
    });
    expect(upstream.asked[0]?.body.model).toBe('up-small');
  });

  it('gets a stream, and the usage when it asks for it', async () => {
    const stream = await client.chat.completions.create({
      model: 'small',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const texts: string[] = [];
    let last: OpenAI.ChatCompletionChunk | undefined;
    for await (const chunk of stream) {
      const text = chunk.choices[0]?.delta.content;
      if (text) texts.push(text);
      last = chunk;
    }
    expect(texts).toEqual(TEXT);
    expect(last).toMatchObject({ choices: [], usage: { prompt_tokens: 11, completion_tokens: 7 } });
  });

  it('gets no usage in a stream when it does not ask for it', async () => {
    const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('gets tool calls, whole and as a stream', async () => {
    upstream.plays = 'tool';
    const whole = await client.chat.completions.create({ model: 'small', messages, tools: [weather] });
    expect(whole.choices[0]?.finish_reason).toBe('tool_calls');
    const streamed = await client.chat.completions
      .stream({ model: 'small', messages, tools: [weather] })
      .finalChatCompletion();
    for (const { choices } of [whole, streamed]) {
      const call = choices[0]?.message.tool_calls?.[0];
      expect(call).toMatchObject({ id: 'call_1', type: 'function', function: { name: 'weather' } });
      expect(call?.type === 'function' && JSON.parse(call.function.arguments)).toEqual(ARGUMENTS);
    }
    expect(streamed.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('throws when a stream is cut, and has what came before', async () => {
    upstream.fault = { kind: 'cut', at: Buffer.byteLength(RECORDINGS[dialect].text.stream) - 150 };
    const texts: string[] = [];
    const read = async (): Promise<void> => {
      const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
      for await (const chunk of stream) texts.push(chunk.choices[0]?.delta.content ?? '');
    };
    await expect(read()).rejects.toThrow(OpenAI.APIError);
    expect(TEXT.join('').startsWith(texts.join(''))).toBe(true);
    expect(texts.join('')).not.toBe('');
  });

  it('gets the errors of its own types', async () => {
    upstream.fault = { kind: 'status', status: 429, headers: { 'retry-after': '7' } };
    await expect(client.chat.completions.create({ model: 'small', messages })).rejects.toThrow(OpenAI.RateLimitError);
    await expect(client.chat.completions.create({ model: 'none', messages })).rejects.toThrow(OpenAI.NotFoundError);
    const stranger = client.withOptions({ apiKey: 'wrong' });
    await expect(stranger.chat.completions.create({ model: 'small', messages })).rejects.toThrow(
      OpenAI.AuthenticationError,
    );
    await expect(client.chat.completions.create({ model: 'small', messages: [] })).rejects.toThrow(
      OpenAI.BadRequestError,
    );
  });

  it('lists the models', async () => {
    const listed: string[] = [];
    for await (const { id } of client.models.list()) listed.push(id);
    expect(listed).toEqual(['small']);
  });
});

describe("OpenAI's client", () => {
  it('embeds with a provider', async () => {
    gateway = await gatewayOver([{ upstream, model: { name: 'embed', upstream: 'up-embed', embeddings: true } }]);
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'token-of-alice', maxRetries: 0 });
    const { data, usage } = await client.embeddings.create({
      model: 'embed',
      input: ['one', 'two'],
      encoding_format: 'float',
    });
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.6, 0.8],
      [0.6, 0.8],
    ]);
    expect(usage.prompt_tokens).toBe(3);
    expect(upstream.asked[0]).toMatchObject({ path: '/v1/embeddings', body: { model: 'up-embed' } });
    await expect(client.chat.completions.create({ model: 'embed', messages })).rejects.toThrow(OpenAI.NotFoundError);
  });
});
