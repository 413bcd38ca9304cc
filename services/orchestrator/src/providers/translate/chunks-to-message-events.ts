import { AppError } from '../../errors/app-error.ts';
import { isRecord } from '../../json.ts';
import type { StreamTranslator } from '../stream-reader.ts';
import { stopReason } from './stop-reasons.ts';
import { anthropicUsage } from './usages.ts';

type Fields = Readonly<Record<string, unknown>>;

/** OpenAI's chunks as the stream of Anthropic's Messages API. */
export class ChunksToMessageEvents implements StreamTranslator {
  #started = false;
  /** Blocks so far; the last one is open unless `#open` is undefined. */
  #blocks = 0;
  #open: 'text' | { readonly call: unknown } | undefined;
  readonly #closedCalls = new Set<unknown>();
  #finish: unknown;
  #matched: unknown;
  #usage: unknown;
  #refused = false;

  event(json: Fields): string {
    let text = this.#started ? '' : this.#start(json);
    if (isRecord(json.usage)) this.#usage = json.usage;
    const choice: unknown = Array.isArray(json.choices) ? json.choices[0] : undefined;
    if (!isRecord(choice)) return text;
    const delta = isRecord(choice.delta) ? choice.delta : {};
    text += this.#text(delta.content);
    if (typeof delta.refusal === 'string' && delta.refusal !== '') {
      this.#refused = true;
      text += this.#text(delta.refusal);
    }
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls : []) {
      if (isRecord(call)) text += this.#call(call);
    }
    if (typeof choice.finish_reason === 'string') this.#finish = choice.finish_reason;
    if (typeof choice.stop_reason === 'string') this.#matched = choice.stop_reason;
    return text;
  }

  end(): string {
    const reason = this.#refused ? 'refusal' : stopReason(this.#finish, this.#matched);
    return [
      this.#started ? '' : this.#start({}),
      this.#close(),
      written({
        type: 'message_delta',
        delta: { stop_reason: reason, stop_sequence: reason === 'stop_sequence' ? this.#matched : null },
        usage: anthropicUsage(this.#usage),
      }),
      written({ type: 'message_stop' }),
    ].join('');
  }

  #start(json: Fields): string {
    this.#started = true;
    return written({
      type: 'message_start',
      message: {
        id: json.id ?? '',
        type: 'message',
        role: 'assistant',
        model: json.model ?? '',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        // OpenAI's dialect tells it at the end: then `message_delta` has it all.
        usage: anthropicUsage(undefined),
      },
    });
  }

  #text(text: unknown): string {
    if (typeof text !== 'string' || text === '') return '';
    let before = '';
    if (this.#open !== 'text') {
      before = this.#close() + this.#block({ type: 'text', text: '', citations: null });
      this.#open = 'text';
    }
    return before + this.#delta({ type: 'text_delta', text });
  }

  #call(call: Fields): string {
    const called = isRecord(call.function) ? call.function : {};
    const key = call.index ?? call.id;
    let before = '';
    if (typeof this.#open !== 'object' || this.#open.call !== key) {
      // Blocks of the Messages API follow each other: one that has ended cannot go on.
      if (this.#closedCalls.has(key)) {
        throw new AppError('upstream_failed', { message: 'It mixed the arguments of several tool calls.' });
      }
      before = this.#close() + this.#block({ type: 'tool_use', id: call.id, name: called.name, input: {} });
      this.#open = { call: key };
    }
    const { arguments: part } = called;
    return typeof part === 'string' && part !== ''
      ? before + this.#delta({ type: 'input_json_delta', partial_json: part })
      : before;
  }

  #block(content: Fields): string {
    const index = this.#blocks;
    this.#blocks += 1;
    return written({ type: 'content_block_start', index, content_block: content });
  }

  #delta(delta: Fields): string {
    return written({ type: 'content_block_delta', index: this.#blocks - 1, delta });
  }

  #close(): string {
    if (this.#open === undefined) return '';
    if (this.#open !== 'text') this.#closedCalls.add(this.#open.call);
    this.#open = undefined;
    return written({ type: 'content_block_stop', index: this.#blocks - 1 });
  }
}

function written(event: Fields): string {
  return `event: ${String(event.type)}\ndata: ${JSON.stringify(event)}\n\n`;
}
