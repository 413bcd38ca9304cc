import { isRecord, parseRecord } from '../json.ts';
import { EventScanner } from '../providers/event-scanner.ts';
import type { TokenUsage } from './call.ts';

type Fields = Record<string, unknown>;

/**
 * A whole chat completion, as JSON, from the stream that made it.
 *
 * @returns undefined when the stream is not complete, or has more than one choice
 */
export function completionOfChunks(stream: string, usage: TokenUsage | undefined): string | undefined {
  let first: Fields | undefined;
  let content: string | null = null;
  let reasoning = '';
  let refusal: string | null = null;
  let finish: unknown = null;
  let done = false;
  const calls: Fields[] = [];
  for (const { data } of new EventScanner().push(Buffer.from(stream)).events) {
    if (data === '[DONE]') {
      done = true;
      break;
    }
    const chunk = parseRecord(data);
    const choices: readonly unknown[] = Array.isArray(chunk?.choices) ? chunk.choices : [];
    if (!chunk || choices.length > 1) return undefined;
    first ??= chunk;
    const [choice] = choices;
    if (!isRecord(choice)) continue;
    if (choice.index !== undefined && choice.index !== 0) return undefined;
    const delta = isRecord(choice.delta) ? choice.delta : {};
    if (typeof delta.content === 'string') content = (content ?? '') + delta.content;
    if (typeof delta.reasoning_content === 'string') reasoning += delta.reasoning_content;
    if (typeof delta.refusal === 'string') refusal = (refusal ?? '') + delta.refusal;
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls : [])
      if (isRecord(call)) addCall(calls, call);
    finish = choice.finish_reason ?? finish;
  }
  if (!done || !first) return undefined;
  return JSON.stringify({
    id: first.id,
    object: 'chat.completion',
    created: first.created,
    model: first.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content,
          refusal,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    ...(usage && {
      usage: {
        prompt_tokens: usage.promptTokens,
        completion_tokens: usage.completionTokens,
        total_tokens: usage.promptTokens + usage.completionTokens,
        prompt_tokens_details: { cached_tokens: usage.cachedTokens },
      },
    }),
  });
}

function addCall(calls: Fields[], part: Fields): void {
  const at = typeof part.index === 'number' ? part.index : calls.length;
  const given = isRecord(part.function) ? part.function : {};
  const known = calls[at];
  if (!known) {
    calls[at] = {
      id: part.id,
      type: 'function',
      function: { name: given.name, arguments: given.arguments ?? '' },
    };
    return;
  }
  if (isRecord(known.function) && typeof given.arguments === 'string')
    known.function.arguments = `${String(known.function.arguments)}${given.arguments}`;
}
