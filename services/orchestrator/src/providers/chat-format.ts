import type { ChatAnswer, ChatChunk, Usage } from '../ports/chat-provider.ts';

/** Reads one event of a stream; undefined when it is not a chat chunk. */
export function readChunk(data: string): ChatChunk | undefined {
  const parsed = parse(data);
  // Providers report a failure in the middle of a stream as an event with `error`: that is no chunk.
  if (!parsed || 'error' in parsed || !Array.isArray(parsed.choices)) return undefined;
  const content = parsed.choices.some((choice: unknown) => {
    const delta = isRecord(choice) && isRecord(choice.delta) ? choice.delta : {};
    return [delta.content, delta.reasoning_content, delta.tool_calls, delta.refusal].some((part) =>
      Array.isArray(part) ? part.length > 0 : typeof part === 'string' && part !== '',
    );
  });
  return { data, content, usage: readUsage(parsed.usage) };
}

/** The text that a chunk adds to the first choice. */
export function chunkText(data: string): string {
  const choices = parse(data)?.choices;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const delta = isRecord(first) ? first.delta : undefined;
  return isRecord(delta) && typeof delta.content === 'string' ? delta.content : '';
}

/** Reads a whole answer; undefined when it is not a chat completion. */
export function readAnswer(body: string): ChatAnswer | undefined {
  const parsed = parse(body);
  if (!parsed || !Array.isArray(parsed.choices)) return undefined;
  const first: unknown = parsed.choices[0];
  const message = isRecord(first) ? first.message : undefined;
  const text = isRecord(message) && typeof message.content === 'string' ? message.content : '';
  return { body, usage: readUsage(parsed.usage), text };
}

function readUsage(usage: unknown): Usage | undefined {
  if (!isRecord(usage)) return undefined;
  const count = (value: unknown) => (typeof value === 'number' && value >= 0 ? value : 0);
  return { promptTokens: count(usage.prompt_tokens), completionTokens: count(usage.completion_tokens) };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
