import { isRecord } from '../../json.ts';
import { readAnthropicUsage } from '../anthropic/usage.ts';
import { finishReason } from './stop-reasons.ts';
import { openAiUsage } from './usages.ts';

type Fields = Readonly<Record<string, unknown>>;

/** An answer of Anthropic's Messages API as OpenAI's chat completion; undefined when it is none. */
export function messageToCompletion(message: Fields, now: number = Date.now()): Fields | undefined {
  if (message.type !== 'message' || !Array.isArray(message.content)) return undefined;
  const blocks = (message.content as readonly unknown[]).filter(isRecord); // An array, as was just checked.
  const text = blocks.filter(({ type }) => type === 'text').map((block) => block.text);
  const thoughts = blocks.filter(({ type }) => type === 'thinking').map((block) => block.thinking);
  const calls = blocks
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({
      id,
      type: 'function',
      function: { name, arguments: JSON.stringify(input ?? {}) },
    }));
  const usage = readAnthropicUsage(message.usage);
  return {
    id: message.id,
    object: 'chat.completion',
    created: Math.floor(now / 1000),
    model: message.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text.length > 0 ? text.join('') : null,
          refusal: null,
          ...(thoughts.length > 0 && { reasoning_content: thoughts.join('') }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finishReason(message.stop_reason),
      },
    ],
    ...(usage && { usage: openAiUsage(usage) }),
  };
}
