import { AppError } from '../../errors/app-error.ts';
import type { TokenUsage } from '../../gateway/call.ts';
import { isRecord, parseRecord } from '../../json.ts';
import type { ScannedEvent } from '../event-scanner.ts';
import type { Seen, StreamReader } from '../stream-reader.ts';
import { readUsage } from './usage.ts';

const DONE: Seen = { json: undefined, content: false, done: true, usageOnly: false };

/** Reads OpenAI's chat completion chunks. */
export class ChunkReader implements StreamReader {
  usage: TokenUsage | undefined;
  characters = 0;

  read({ data }: ScannedEvent): Seen {
    if (data === '[DONE]') return DONE;
    const json = parseRecord(data);
    // Providers report a failure in the middle of a stream as an event with `error`: that is no chunk.
    if (!json || isRecord(json.error) || typeof json.error === 'string' || !Array.isArray(json.choices)) {
      throw new AppError('upstream_failed', {
        message: json && 'error' in json ? 'It reported a failure.' : 'It sent an event that is not a chat chunk.',
      });
    }
    this.usage = readUsage(json.usage) ?? this.usage;
    const { choices } = json;
    let content = false;
    for (const choice of choices as readonly unknown[]) {
      // Checked field by field.
      const delta = isRecord(choice) && isRecord(choice.delta) ? choice.delta : undefined;
      if (!delta) continue;
      const length = textOf(delta.content) + textOf(delta.reasoning_content) + textOf(delta.reasoning);
      const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
      this.characters += length;
      for (const call of calls as readonly unknown[]) {
        // As above.
        if (isRecord(call) && isRecord(call.function)) this.characters += textOf(call.function.arguments);
      }
      content ||= length > 0 || calls.length > 0 || textOf(delta.refusal) > 0 || isRecord(delta.function_call);
    }
    return { json, content, done: false, usageOnly: choices.length === 0 && isRecord(json.usage) };
  }
}

function textOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}
