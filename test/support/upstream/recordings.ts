/** Answers as providers send them, in both dialects: whole and as streams. */
export interface Recording {
  readonly json: string;
  readonly stream: string;
}

const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'up-small', ...fields })}\n\n`;
const delta = (part: object, finish: string | null = null): string =>
  chunk({ choices: [{ index: 0, delta: part, logprobs: null, finish_reason: finish }], usage: null });
const usage = {
  prompt_tokens: 11,
  completion_tokens: 7,
  total_tokens: 18,
  prompt_tokens_details: { cached_tokens: 4 },
};
const completion = (message: object, finish: string): string =>
  JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_790_000_000,
    model: 'up-small',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, logprobs: null, finish_reason: finish }],
    usage,
  });

/** With characters of two and of four bytes. */
export const TEXT = ['Übung ', 'macht ', 'den Meister 🛶'];

/** What a tool is called with. */
export const ARGUMENTS = { place: 'Zürich', days: 2 };
const argumentText = JSON.stringify(ARGUMENTS);

const openAiText: Recording = {
  json: completion({ content: TEXT.join(''), refusal: null }, 'stop'),
  stream: [
    delta({ role: 'assistant', content: '', refusal: null }),
    ...TEXT.map((content) => delta({ content })),
    delta({}, 'stop'),
    chunk({ choices: [], usage }),
    'data: [DONE]\n\n',
  ].join(''),
};

const openAiTool: Recording = {
  json: completion(
    {
      content: null,
      refusal: null,
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: argumentText } }],
    },
    'tool_calls',
  ),
  stream: [
    delta({ role: 'assistant', content: null }),
    delta({
      tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: argumentText.slice(0, 9) } }] }),
    delta({ tool_calls: [{ index: 0, function: { arguments: argumentText.slice(9) } }] }),
    delta({}, 'tool_calls'),
    chunk({ choices: [], usage }),
    'data: [DONE]\n\n',
  ].join(''),
};

const event = (fields: { readonly type: string } & Record<string, unknown>): string =>
  `event: ${fields.type}\ndata: ${JSON.stringify(fields)}\n\n`;
const messageUsage = { input_tokens: 7, cache_creation_input_tokens: 0, cache_read_input_tokens: 4, output_tokens: 7 };
const message = (content: object[], stop: string | null, tokens: object = messageUsage): Record<string, unknown> => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'up-small',
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: tokens,
});
const messageStart = event({
  type: 'message_start',
  message: message([], null, { ...messageUsage, output_tokens: 1 }),
});
const messageEnd = (stop: string): string =>
  event({ type: 'message_delta', delta: { stop_reason: stop, stop_sequence: null }, usage: { output_tokens: 7 } }) +
  event({ type: 'message_stop' });

const anthropicText: Recording = {
  json: JSON.stringify(message([{ type: 'text', text: TEXT.join('') }], 'end_turn')),
  stream: [
    messageStart,
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'ping' }),
    ...TEXT.map((text) => event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
    event({ type: 'content_block_stop', index: 0 }),
    messageEnd('end_turn'),
  ].join(''),
};

const anthropicTool: Recording = {
  json: JSON.stringify(
    message(
      [
        { type: 'text', text: 'I look.' },
        { type: 'tool_use', id: 'call_1', name: 'weather', input: ARGUMENTS },
      ],
      'tool_use',
    ),
  ),
  stream: [
    messageStart,
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'I look.' } }),
    event({ type: 'content_block_stop', index: 0 }),
    event({
      type: 'content_block_start',
      index: 1,
      content_block: { type: 'tool_use', id: 'call_1', name: 'weather', input: {} },
    }),
    ...[argumentText.slice(0, 9), argumentText.slice(9)].map((part) =>
      event({ type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: part } }),
    ),
    event({ type: 'content_block_stop', index: 1 }),
    messageEnd('tool_use'),
  ].join(''),
};

export const RECORDINGS = {
  openai: { text: openAiText, tool: openAiTool },
  anthropic: { text: anthropicText, tool: anthropicTool },
} as const;

/** One event with this many characters of content. */
export function contentEvent(dialect: 'openai' | 'anthropic', text: string): string {
  return dialect === 'openai'
    ? delta({ content: text })
    : event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
}
