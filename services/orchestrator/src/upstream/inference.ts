import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';
import type { Embedder } from '../ports/embedder.ts';

export interface InferenceOptions {
  /** http://host:8080 */
  readonly url: string;
  readonly model: string;
  readonly dimension: number;
  /** Bearer token that the server wants. @default - it wants none */
  readonly token?: string | undefined;
  /** For the headers and for each chunk of the body. @default 30000 */
  readonly timeoutMs?: number;
  /** Texts in one request. @default 16 - small enough for the queue of a small server, large enough to fill a batch */
  readonly batch?: number;
}

export interface EmbeddingsAnswer {
  readonly vectors: number[][];
  readonly promptTokens: number;
}

/** The inference service's `/v1/embeddings`. */
export class InferenceClient implements Embedder {
  readonly model: string;
  readonly dimension: number;
  readonly #pool: Pool;
  readonly #batch: number;
  readonly #authorization: Readonly<Record<string, string>>;

  constructor(options: InferenceOptions) {
    this.model = options.model;
    this.dimension = options.dimension;
    this.#batch = options.batch ?? 16;
    this.#authorization = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const timeout = options.timeoutMs ?? 30_000;
    this.#pool = new Pool(new URL(options.url).origin, {
      connections: 16,
      connect: { timeout: 2_000 },
      headersTimeout: timeout,
      bodyTimeout: timeout,
      // Longer than the pauses between questions, shorter than the keep-alive of the server.
      keepAliveTimeout: 4_000,
    });
  }

  async embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let at = 0; at < texts.length; at += this.#batch) {
      vectors.push(...(await this.request(texts.slice(at, at + this.#batch), signal)).vectors);
    }
    return vectors;
  }

  /** One request, tried again while the server is full or has just gone. */
  async request(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingsAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(texts, signal);
      } catch (error) {
        if (signal?.aborted) throw new AppError('client_closed', { cause: error });
        const known = error instanceof AppError ? error : undefined;
        if (known && known.code !== 'dependency_unavailable') throw known;
        if (attempt === 4) {
          throw (
            known ??
            new AppError('dependency_unavailable', { message: `Inference: ${describeError(error)}.`, cause: error })
          );
        }
        // Full jitter, so that replicas that were turned away together do not come back together.
        await delay(Math.random() * 100 * 2 ** attempt, undefined, signal ? { signal } : {}).catch(() => undefined);
      }
    }
  }

  /** Resolves when the service is ready to embed. */
  async ping(signal?: AbortSignal): Promise<void> {
    const answer = await this.#pool.request({ method: 'GET', path: '/health/ready', signal: signal ?? null });
    await answer.body.dump();
    if (answer.statusCode !== 200) {
      throw new AppError('dependency_unavailable', { message: `Inference answered ${answer.statusCode}.` });
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #once(texts: readonly string[], signal?: AbortSignal): Promise<EmbeddingsAnswer> {
    const answer = await this.#pool.request({
      method: 'POST',
      path: '/v1/embeddings',
      headers: { 'content-type': 'application/json', ...this.#authorization },
      body: JSON.stringify({ model: this.model, input: texts, encoding_format: 'float' }),
      signal: signal ?? null,
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      if (answer.statusCode === 404) {
        throw new AppError('dependency_mismatch', { message: `Inference serves no model "${this.model}".` });
      }
      if (answer.statusCode === 400 || answer.statusCode === 413 || answer.statusCode === 422) {
        throw new AppError('upstream_rejected', { message: `Inference answered ${answer.statusCode}.` });
      }
      throw new AppError('dependency_unavailable', { message: `Inference answered ${answer.statusCode}.` });
    }
    return this.#read(await answer.body.json(), texts.length);
  }

  #read(body: unknown, expected: number): EmbeddingsAnswer {
    // The fields are checked one by one below: the type only says which may be there.
    const { data, usage } = body as {
      data?: { index?: unknown; embedding?: unknown }[];
      usage?: { prompt_tokens?: unknown };
    };
    const vectors: number[][] = [];
    for (const [at, item] of (Array.isArray(data) ? data : []).entries()) {
      if (!Array.isArray(item.embedding)) continue;
      if (item.embedding.length !== this.dimension) {
        throw new AppError('dependency_mismatch', {
          message: `The model's vectors have ${item.embedding.length} values, EMBEDDING_DIMENSION says ${this.dimension}.`,
        });
      }
      vectors[typeof item.index === 'number' ? item.index : at] = normalised(item.embedding);
    }
    if (vectors.length !== expected || vectors.includes(undefined as never)) {
      throw new AppError('dependency_unavailable', { message: 'Inference answered with fewer vectors than texts.' });
    }
    return { vectors, promptTokens: typeof usage?.prompt_tokens === 'number' ? usage.prompt_tokens : 0 };
  }
}

function normalised(values: readonly unknown[]): number[] {
  const vector = values.map(Number);
  const length = Math.hypot(...vector);
  return length > 0 && Math.abs(length - 1) > 1e-4 ? vector.map((value) => value / length) : vector;
}
