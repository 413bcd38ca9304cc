import { AppError } from '../../errors/app-error.ts';
import type { TokenUsage } from '../../gateway/call.ts';
import { isRecord, parseRecord } from '../../json.ts';
import type { ScannedEvent } from '../event-scanner.ts';
import type { Seen, StreamReader } from '../stream-reader.ts';
import { type AnthropicUsage, readAnthropicUsage, toTokenUsage } from './usage.ts';

/** Reads the events of Anthropic's Messages API; https://platform.claude.com/docs/en/build-with-claude/streaming (2026-11) */
export class EventReader implements StreamReader {
  characters = 0;
  #usage: AnthropicUsage | undefined;
  #delivered = false;

  /** Complete only with `message_delta`: before, the number of output tokens is that of the beginning. */
  get usage(): TokenUsage | undefined {
    return this.#delivered ? toTokenUsage(this.#usage) : undefined;
  }

  /** What the prompt cost, known from the first event on. */
  get promptUsage(): TokenUsage | undefined {
    return toTokenUsage(this.#usage);
  }

  read({ data }: ScannedEvent): Seen {
    const json = parseRecord(data);
    if (!json || typeof json.type !== 'string') {
      throw new AppError('upstream_failed', { message: 'It sent an event that is none of the Messages API.' });
    }
    switch (json.type) {
      case 'error':
        throw new AppError('upstream_failed', { message: 'It reported a failure.' });
      case 'message_start':
        this.#usage = readAnthropicUsage(isRecord(json.message) ? json.message.usage : undefined);
        return seen(json, false);
      case 'content_block_start':
        // A tool call begins with its name, which is content; other blocks begin empty.
        return seen(
          json,
          isRecord(json.content_block) && json.content_block.type !== 'text' && json.content_block.type !== 'thinking',
        );
      case 'content_block_delta':
        return seen(json, this.#delta(json.delta));
      case 'message_delta':
        this.#usage = readAnthropicUsage(json.usage, this.#usage);
        this.#delivered = true;
        return seen(json, false);
      case 'message_stop':
        return { json, content: false, done: true, usageOnly: false };
      default:
        // ping, content_block_stop, and what may come: new kinds of events must not break a stream.
        return seen(json, false);
    }
  }

  #delta(delta: unknown): boolean {
    if (!isRecord(delta)) return false;
    let length = 0;
    for (const text of [delta.text, delta.partial_json, delta.thinking]) {
      if (typeof text === 'string') length += text.length;
    }
    this.characters += length;
    return length > 0;
  }
}

function seen(json: Record<string, unknown>, content: boolean): Seen {
  return { json, content, done: false, usageOnly: false };
}
