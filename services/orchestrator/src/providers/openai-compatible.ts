import { type Dispatcher, Pool } from 'undici';
import { AppError } from '../errors/app-error.ts';
import { codeOf, describeError } from '../errors/describe.ts';
import type { ChatAnswer, ChatChunk, ChatProvider, ChatRequest } from '../ports/chat-provider.ts';
import { readAnswer, readChunk } from './chat-format.ts';
import type { ProviderConfig } from './config.ts';
import { Deadline, timeoutError } from './deadline.ts';
import { KeyFile } from './key-file.ts';
import { SseParser } from './sse.ts';

type Response = Dispatcher.ResponseData;

/** The largest answer that is read whole. */
const LARGEST_BODY = 32 * 1024 * 1024;

/** A provider that speaks OpenAI's chat protocol: Ollama, Jan, vLLM, Fireworks, Together, OpenAI. */
export class OpenAiCompatible implements ChatProvider {
  readonly name: string;
  readonly tier: number;
  readonly models: readonly string[];
  readonly #config: ProviderConfig;
  readonly #pool: Pool;
  readonly #path: string;
  readonly #key: KeyFile | undefined;

  constructor(config: ProviderConfig) {
    this.name = config.name;
    this.tier = config.tier;
    this.models = config.models;
    this.#config = config;
    const url = new URL(config.baseUrl);
    this.#path = `${url.pathname.replace(/\/+$/, '')}/chat/completions`;
    this.#key = config.apiKeyFile === undefined ? undefined : new KeyFile(config.apiKeyFile);
    this.#pool = new Pool(url.origin, {
      connections: 128,
      connect: { timeout: config.timeouts.connect },
      // The phases have clocks of their own; undici's would end a stream that its reader holds up.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  async complete(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    const deadline = new Deadline(this.#config.timeouts, signal);
    try {
      const response = await this.#send({ ...request, stream: false }, deadline);
      deadline.enter('betweenChunks');
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of response.body as AsyncIterable<Buffer>) {
        // undici's body yields buffers.
        deadline.enter('betweenChunks');
        size += part.length;
        if (size > LARGEST_BODY) throw new AppError('upstream_failed', { message: 'Its answer is too large.' });
        parts.push(part);
      }
      const answer = readAnswer(Buffer.concat(parts).toString('utf8'));
      if (!answer) throw new AppError('upstream_failed', { message: 'Its answer is not a chat completion.' });
      return answer;
    } catch (error) {
      throw this.#failure(error, deadline);
    } finally {
      deadline.abort();
    }
  }

  async stream(request: ChatRequest, signal: AbortSignal): Promise<AsyncIterable<ChatChunk>> {
    const deadline = new Deadline(this.#config.timeouts, signal);
    try {
      const response = await this.#send({ ...request, stream: true }, deadline);
      return this.#chunks(response, deadline);
    } catch (error) {
      deadline.abort();
      throw this.#failure(error, deadline);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async *#chunks(response: Response, deadline: Deadline): AsyncGenerator<ChatChunk> {
    const parser = new SseParser();
    let started = false;
    try {
      deadline.enter('firstToken');
      for await (const part of response.body as AsyncIterable<Buffer>) {
        // undici's body yields buffers.
        for (const data of parser.push(part)) {
          if (data === '[DONE]') return;
          const chunk = readChunk(data);
          if (!chunk) throw new AppError('upstream_failed', { message: 'It sent an event that is not a chat chunk.' });
          started ||= chunk.content;
          deadline.pause();
          yield chunk;
        }
        // A keep-alive comment is no token: until the first content, the phase goes on.
        deadline.enter(started ? 'betweenChunks' : 'firstToken');
      }
      // The body ended without [DONE]: as far as anyone can know, something is missing.
      throw new AppError('upstream_cut');
    } catch (error) {
      const failure = this.#failure(error, deadline);
      throw failure.code === 'upstream_failed' && !(error instanceof AppError)
        ? new AppError('upstream_cut', { cause: error })
        : failure;
    } finally {
      // Also when the reader stops early: then the provider must stop as well.
      deadline.abort();
    }
  }

  async #send(request: ChatRequest, deadline: Deadline): Promise<Response> {
    deadline.enter('headers');
    const key = this.#key?.read();
    const response = await this.#pool.request({
      method: 'POST',
      path: this.#path,
      // No header of the caller goes upstream: its token is ours, and others could carry secrets.
      headers: {
        'content-type': 'application/json',
        accept: request.stream ? 'text/event-stream' : 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify(request),
      signal: deadline.signal,
    });
    if (response.statusCode === 200) return response;
    await response.body.dump({ limit: 65_536 }).catch(() => undefined);
    throw this.#rejection(response);
  }

  #rejection({ statusCode, headers }: Response): AppError {
    const message = `${this.name} answered ${statusCode}.`;
    if (statusCode === 429) {
      const after = Number(headers['retry-after']);
      return new AppError('upstream_rate_limited', {
        message,
        retryAfterSeconds: after > 0 && after < 86_400 ? Math.ceil(after) : 1,
      });
    }
    if (statusCode === 401 || statusCode === 403) return new AppError('upstream_credentials', { message });
    if (statusCode === 408 || statusCode === 504) return new AppError('upstream_timeout', { message });
    if (statusCode >= 400 && statusCode < 500) return new AppError('upstream_rejected', { message });
    return new AppError('upstream_failed', { message });
  }

  #failure(error: unknown, deadline: Deadline): AppError {
    const reason = deadline.reason(error);
    if (reason) return reason;
    if (error instanceof AppError) return error;
    if (error instanceof Error && codeOf(error) === 'UND_ERR_CONNECT_TIMEOUT') return timeoutError('connect', error);
    return new AppError('upstream_failed', { message: `${this.name}: ${describeError(error)}.`, cause: error });
  }
}
