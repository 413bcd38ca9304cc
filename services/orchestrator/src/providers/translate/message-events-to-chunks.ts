import { isRecord } from '../../json.ts';
import { type AnthropicUsage, readAnthropicUsage } from '../anthropic/usage.ts';
import type { StreamTranslator } from '../stream-reader.ts';
import { finishReason } from './stop-reasons.ts';
import { openAiUsage } from './usages.ts';

type Fields = Readonly<Record<string, unknown>>;

interface ToolCall {
  readonly index: number;
  hasArguments: boolean;
}

/** The stream of Anthropic's Messages API as OpenAI's chunks. */
export class MessageEventsToChunks implements StreamTranslator {
  readonly #includeUsage: boolean;
  readonly #created: number;
  /** By the index of their block: OpenAI counts tool calls alone. */
  readonly #calls = new Map<unknown, ToolCall>();
  #id: unknown = '';
  #model: unknown = '';
  #usage: AnthropicUsage | undefined;

  /** @param includeUsage Whether the caller asked for the usage at the end. */
  constructor(includeUsage: boolean, now: number = Date.now()) {
    this.#includeUsage = includeUsage;
    this.#created = Math.floor(now / 1000);
  }

  event(json: Fields): string {
    switch (json.type) {
      case 'message_start': {
        const message = isRecord(json.message) ? json.message : {};
        this.#id = message.id;
        this.#model = message.model;
        this.#usage = readAnthropicUsage(message.usage);
        return this.#delta({ role: 'assistant', content: '', refusal: null });
      }
      case 'content_block_start':
        return isRecord(json.content_block) ? this.#start(json.index, json.content_block) : '';
      case 'content_block_delta':
        return isRecord(json.delta) ? this.#part(json.index, json.delta) : '';
      case 'content_block_stop': {
        // OpenAI's clients parse the arguments: for none, they need an empty object.
        const call = this.#calls.get(json.index);
        if (!call || call.hasArguments) return '';
        return this.#delta({ tool_calls: [{ index: call.index, function: { arguments: '{}' } }] });
      }
      case 'message_delta':
        this.#usage = readAnthropicUsage(json.usage, this.#usage);
        return this.#chunk([
          {
            index: 0,
            delta: {},
            logprobs: null,
            finish_reason: finishReason(isRecord(json.delta) ? json.delta.stop_reason : undefined),
          },
        ]);
      default:
        return '';
    }
  }

  end(): string {
    const usage = this.#includeUsage && this.#usage ? this.#chunk([], openAiUsage(this.#usage)) : '';
    return `${usage}data: [DONE]\n\n`;
  }

  #start(index: unknown, block: Fields): string {
    if (block.type === 'text' && typeof block.text === 'string' && block.text !== '')
      return this.#delta({ content: block.text });
    if (block.type !== 'tool_use') return '';
    const call = { index: this.#calls.size, hasArguments: false };
    this.#calls.set(index, call);
    return this.#delta({
      tool_calls: [
        { index: call.index, id: block.id, type: 'function', function: { name: block.name, arguments: '' } },
      ],
    });
  }

  #part(index: unknown, delta: Fields): string {
    switch (delta.type) {
      case 'text_delta':
        return this.#delta({ content: delta.text });
      case 'thinking_delta':
        return this.#delta({ reasoning_content: delta.thinking });
      case 'input_json_delta': {
        const call = this.#calls.get(index);
        if (!call || delta.partial_json === '') return '';
        call.hasArguments = true;
        return this.#delta({ tool_calls: [{ index: call.index, function: { arguments: delta.partial_json } }] });
      }
      default:
        return '';
    }
  }

  #delta(delta: Fields): string {
    return this.#chunk([{ index: 0, delta, logprobs: null, finish_reason: null }]);
  }

  #chunk(choices: readonly Fields[], usage?: Fields): string {
    const chunk = {
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#created,
      model: this.#model,
      choices,
      ...(this.#includeUsage && { usage: usage ?? null }),
    };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}
