import { isRecord, parseRecord } from '../../json.ts';
import { stopReason } from './stop-reasons.ts';
import { anthropicUsage } from './usages.ts';

type Fields = Readonly<Record<string, unknown>>;

/** OpenAI's chat completion as an answer of Anthropic's Messages API; undefined when it is none. */
export function completionToMessage(completion: Fields): Fields | undefined {
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice.message)) return undefined;
  const { message } = choice;
  const content: Fields[] = [];
  for (const text of [message.content, message.refusal]) {
    if (typeof text === 'string' && text !== '') content.push({ type: 'text', text, citations: null });
  }
  for (const call of Array.isArray(message.tool_calls) ? message.tool_calls : []) {
    if (!isRecord(call) || !isRecord(call.function)) return undefined;
    const { name, arguments: given } = call.function;
    const input = given === '' ? {} : parseRecord(String(given));
    // Anthropic's clients get an object. A model that wrote something else has failed.
    if (!input) return undefined;
    content.push({ type: 'tool_use', id: call.id, name, input });
  }
  const refused = typeof message.refusal === 'string' && message.refusal !== '';
  const reason = refused ? 'refusal' : stopReason(choice.finish_reason, choice.stop_reason);
  return {
    id: completion.id,
    type: 'message',
    role: 'assistant',
    model: completion.model,
    content,
    stop_reason: reason,
    stop_sequence: reason === 'stop_sequence' ? choice.stop_reason : null,
    usage: anthropicUsage(completion.usage),
  };
}
