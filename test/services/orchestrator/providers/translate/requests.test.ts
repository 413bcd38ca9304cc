import { describe, expect, it } from '@jest/globals';
import { AppError } from '../../../../../services/orchestrator/src/errors/app-error.ts';
import { chatToMessageRequest } from '../../../../../services/orchestrator/src/providers/translate/chat-to-message-request.ts';
import { messageToChatRequest } from '../../../../../services/orchestrator/src/providers/translate/message-to-chat-request.ts';

const picture = 'data:image/png;base64,aGk=';
const toAnthropic = (request: Record<string, unknown>) =>
  chatToMessageRequest(request, { model: 'up', maxTokens: 4_096, stream: false });
const toOpenAi = (request: Record<string, unknown>) => messageToChatRequest(request, { model: 'up', stream: false });
const refusal = (attempt: () => unknown) => {
  try {
    attempt();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details[0]?.path];
    throw error;
  }
  return undefined;
};

/** A conversation with everything that both dialects have, in OpenAI's. */
const chat = {
  model: 'up',
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url: picture } },
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,aGk=' } },
      ],
    },
    {
      role: 'assistant',
      content: 'I look.',
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'look', arguments: '{"at":1}' } },
        { id: 'c2', type: 'function', function: { name: 'look', arguments: '{}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'A boat.' },
    { role: 'tool', tool_call_id: 'c2', content: 'A keel.' },
    { role: 'user', content: 'And now?' },
  ],
  max_tokens: 100,
  stop: ['END', 'STOP'],
  temperature: 0.5,
  top_p: 0.9,
  user: 'ada',
  tools: [
    {
      type: 'function',
      function: {
        name: 'look',
        description: 'Looks',
        parameters: { type: 'object', properties: { at: {} } },
        strict: true,
      },
    },
  ],
  tool_choice: { type: 'function', function: { name: 'look' } },
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' }, strict: true } },
  reasoning_effort: 'high',
  stream: false,
};

/** The same in Anthropic's. */
const message = {
  model: 'up',
  max_tokens: 100,
  system: [{ type: 'text', text: 'Be brief.' }],
  messages: [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'aGk=' }, title: 'a.pdf' },
      ],
    },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'c1', name: 'look', input: { at: 1 } },
        { type: 'tool_use', id: 'c2', name: 'look', input: {} },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'c1', content: [{ type: 'text', text: 'A boat.' }] },
        { type: 'tool_result', tool_use_id: 'c2', content: [{ type: 'text', text: 'A keel.' }] },
        { type: 'text', text: 'And now?' },
      ],
    },
  ],
  stop_sequences: ['END', 'STOP'],
  temperature: 0.5,
  top_p: 0.9,
  metadata: { user_id: 'ada' },
  output_config: { format: { type: 'json_schema', schema: { type: 'object' } }, effort: 'high' },
  tools: [
    {
      name: 'look',
      description: 'Looks',
      input_schema: { type: 'object', properties: { at: {} } },
      strict: true,
    },
  ],
  tool_choice: { type: 'tool', name: 'look', disable_parallel_tool_use: true },
  stream: false,
};

describe('a request', () => {
  it('of OpenAI’s dialect, in Anthropic’s', () => {
    expect(toAnthropic(chat)).toEqual(message);
  });

  it('of Anthropic’s dialect, in OpenAI’s', () => {
    expect(toOpenAi(message)).toEqual(chat);
  });

  it('there and back is the same', () => {
    expect(toOpenAi({ ...toAnthropic(chat) })).toEqual(chat);
    expect(toAnthropic({ ...toOpenAi(message) })).toEqual(message);
  });

  it('without a limit gets that of the model, which Anthropic’s API wants', () => {
    expect(toAnthropic({ messages: [] })).toMatchObject({ max_tokens: 4_096 });
    expect(toAnthropic({ messages: [], max_completion_tokens: 7 })).toMatchObject({ max_tokens: 7 });
  });

  it('keeps a temperature within the other scale', () => {
    expect(toAnthropic({ messages: [], temperature: 1.7 })).toMatchObject({ temperature: 1 });
  });

  it.each([
    ['auto', { type: 'auto' }],
    ['none', { type: 'none' }],
    ['required', { type: 'any' }],
  ])('tool_choice %s', (choice, translated) => {
    const { tools } = chat;
    expect(toAnthropic({ messages: [], tools, tool_choice: choice }).tool_choice).toEqual(translated);
    expect(toOpenAi({ messages: [], tools: message.tools, tool_choice: translated }).tool_choice).toBe(choice);
  });

  it('leaves out empty texts, which Anthropic’s API refuses', () => {
    const messages = [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: '', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '' } }] },
    ];
    expect(toAnthropic({ messages }).messages).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'x' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c', name: 'f', input: {} }] },
    ]);
  });

  it('leaves out what was thought: no other provider can check its signature', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm.', signature: 's' },
      { type: 'text', text: 'Yes.' },
    ];
    expect(toOpenAi({ messages: [{ role: 'assistant', content }] }).messages).toEqual([
      { role: 'assistant', content: 'Yes.' },
    ]);
  });

  it('puts pictures that a tool made with what the user says', () => {
    const content = [
      {
        type: 'tool_result',
        tool_use_id: 'c',
        content: [
          { type: 'text', text: 'Here.' },
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'aGk=' } },
        ],
      },
    ];
    expect(toOpenAi({ messages: [{ role: 'user', content }] }).messages).toEqual([
      { role: 'tool', tool_call_id: 'c', content: 'Here.' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: picture } }] },
    ]);
  });
});

describe('what has no word in the other dialect is refused, and where it stands is told', () => {
  const call = (args: string) => [
    { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: args } }] },
  ];
  it.each<[Record<string, unknown>, string, string]>([
    [{ n: 2 }, 'not_supported', 'body.n'],
    [{ logprobs: true }, 'not_supported', 'body.logprobs'],
    [{ logit_bias: { 1: 2 } }, 'not_supported', 'body.logit_bias'],
    [{ frequency_penalty: 0.5 }, 'not_supported', 'body.frequency_penalty'],
    [{ response_format: { type: 'json_object' } }, 'not_supported', 'body.response_format'],
    [{ tools: [{ type: 'custom' }] }, 'not_supported', 'body.tools[0].type'],
    [{ messages: [{ role: 'function' }] }, 'not_supported', 'body.messages[0].role'],
    [
      { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] },
      'not_supported',
      'body.messages[0].content[0]',
    ],
    [{ messages: call('{') }, 'invalid_request', 'body.messages[0].tool_calls[0].function.arguments'],
    [{ messages: call('[]') }, 'invalid_request', 'body.messages[0].tool_calls[0].function.arguments'],
  ])('%j', (fields, code, path) => {
    expect(refusal(() => toAnthropic({ messages: [], ...fields }))).toEqual([code, path]);
  });

  it.each<[Record<string, unknown>, string, string]>([
    [{ mcp_servers: [] }, 'not_supported', 'body.mcp_servers'],
    [{ tools: [{ type: 'web_search_20260318', name: 'x' }] }, 'not_supported', 'body.tools[0]'],
    [
      { messages: [{ role: 'user', content: [{ type: 'search_result' }] }] },
      'not_supported',
      'body.messages[0].content[0]',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'invalid_request', 'body.messages[0].role'],
    [{ messages: [{ role: 'user', content: 7 }] }, 'invalid_request', 'body.messages[0].content'],
  ])('%j', (fields, code, path) => {
    expect(refusal(() => toOpenAi({ messages: [], ...fields }))).toEqual([code, path]);
  });

  it('but not what is the case anyway', () => {
    expect(
      refusal(() => toAnthropic({ messages: [], n: 1, logprobs: false, presence_penalty: 0, logit_bias: {} })),
    ).toBeUndefined();
  });
});
