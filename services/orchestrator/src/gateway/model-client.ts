import { AppError } from '../errors/app-error.ts';
import { isRecord, parseRecord } from '../json.ts';
import type { ChatRequest } from '../ports/chat-provider.ts';
import { EventScanner } from '../providers/event-scanner.ts';
import type { TokenUsage } from './call.ts';
import type { CallSpec } from './call-spec.ts';
import { chunksOfCompletion } from './chunks-of-completion.ts';
import type { Gateway } from './gateway.ts';

/** For whom a part of the service asks a model. */
export interface Asker {
  /** Unique for each call: the request id, with a suffix where one request makes several calls (`<id>.2`). */
  readonly id: string;
  readonly caller: string;
  /** The pattern of the route, such as `/api/v1/query`. */
  readonly route: string;
  /** @default false */
  readonly private?: boolean;
  /** An answer that was kept will not do. @default false */
  readonly fresh?: boolean;
  readonly signal: AbortSignal;
  /** @default - headers of the admission, such as the rate limit's, are dropped */
  readonly onHeaders?: (headers: Readonly<Record<string, string>>) => void;
}

export interface ChatAnswer {
  /** The whole completion, in OpenAI's form. */
  readonly completion: Readonly<Record<string, unknown>>;
  /** The text of the first choice. */
  readonly text: string;
  readonly usage: TokenUsage | undefined;
  /** In nano US dollars; 0 when it was kept. */
  readonly costNanoUsd: number;
  readonly provider: string;
  readonly tier: number;
  readonly model: string;
}

/** Language models for the parts of this service: the same way as for callers from outside, with all its rules. */
export class ModelClient {
  readonly #gateway: Gateway;

  constructor(gateway: Gateway) {
    this.#gateway = gateway;
  }

  /** The names by which models can be asked for. */
  get models(): readonly string[] {
    return this.#gateway.providers.models.filter(({ embeddings }) => !embeddings).map(({ name }) => name);
  }

  /** Whether a model can be asked for by this name. */
  knows(model: string): boolean {
    return this.#gateway.providers.knows(model);
  }

  /** The model that words answers from documents; undefined where none is configured. */
  get answerModel(): string | undefined {
    return this.#gateway.providers.answerModel;
  }

  /** @throws AppError */
  async complete(request: ChatRequest, asker: Asker): Promise<ChatAnswer> {
    const { body, usage, target, costNanoUsd } = await this.#gateway.answer(specOf(request, asker, false));
    const completion = parseRecord(body.toString()) ?? {};
    const { provider, tier, model } = target;
    return { completion, text: textOf(completion, 'message'), usage, costNanoUsd, provider, tier, model };
  }

  /** The text of the first choice, part by part. Ends normally only when the answer is complete. @throws AppError */
  async *stream(request: ChatRequest, asker: Asker): AsyncGenerator<string> {
    const opened = await this.#gateway.stream(specOf(request, asker, true));
    const scanner = new EventScanner();
    const textIn = (bytes: Buffer): string =>
      scanner
        .push(bytes)
        .events.map(({ data }) => textOf(parseRecord(data) ?? {}, 'delta'))
        .join('');
    if (opened.kind === 'answer') {
      yield textIn(Buffer.from(chunksOfCompletion(opened.answer.body.toString(), false)));
      return;
    }
    const { stream } = opened;
    const waiting: Buffer[] = [];
    const state: { over?: 'complete' | AppError } = {};
    let wake: () => void = () => undefined;
    stream.attach({
      write(bytes) {
        waiting.push(bytes);
        wake();
        // One at a time: the reader is as slow as it likes.
        return false;
      },
      end() {
        state.over = 'complete';
        wake();
      },
      fail(error) {
        state.over = error;
        wake();
      },
    });
    try {
      for (;;) {
        for (let bytes = waiting.shift(); bytes; bytes = waiting.shift()) {
          const text = textIn(bytes);
          if (text !== '') yield text;
        }
        if (state.over === 'complete') return;
        if (state.over) throw state.over;
        const more = new Promise<void>((resolve) => {
          wake = resolve;
        });
        stream.resume();
        await more;
      }
    } finally {
      // A reader that stops early: then the backend must stop as well.
      if (state.over === undefined) stream.abort(new AppError('client_closed'));
    }
  }
}

function specOf(request: ChatRequest, asker: Asker, stream: boolean): CallSpec {
  return {
    id: asker.id,
    caller: asker.caller,
    endUser: undefined,
    endpoint: 'chat',
    route: asker.route,
    model: request.model,
    private: asker.private ?? false,
    fresh: asker.fresh ?? false,
    stream,
    includeUsage: false,
    request,
    bodyBytes: Buffer.byteLength(JSON.stringify(request)),
    headers: undefined,
    signal: asker.signal,
    onHeaders: asker.onHeaders ?? (() => undefined),
  };
}

function textOf(completion: Readonly<Record<string, unknown>>, part: 'message' | 'delta'): string {
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined;
  const message = isRecord(choice) ? choice[part] : undefined;
  return isRecord(message) && typeof message.content === 'string' ? message.content : '';
}
