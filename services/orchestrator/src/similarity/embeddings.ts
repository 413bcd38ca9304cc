import { createHmac, randomBytes } from 'node:crypto';
import type { Embedder } from '../ports/embedder.ts';

export interface EmbeddingsOptions {
  readonly embedder: Embedder;
  /** Vectors that are kept at most. @default 4096 - some 6 MiB with 384 values each */
  readonly size?: number;
  /** Told whether each text was known. */
  readonly onLookup?: (result: 'hit' | 'miss', count: number) => void;
}

/**
 * Embeds texts, and remembers the vectors of the last ones: documents to rank come again with every query. Each tenant has
 * entries of its own, as the time of an answer would tell one what another sent. No text is kept, only its keyed hash.
 */
export class Embeddings {
  readonly model: string;
  readonly dimension: number;
  readonly #options: EmbeddingsOptions;
  readonly #key = randomBytes(32);
  /** In the order of last use. */
  readonly #kept = new Map<string, Float32Array>();

  constructor(options: EmbeddingsOptions) {
    this.#options = options;
    this.model = options.embedder.model;
    this.dimension = options.embedder.dimension;
  }

  /** @returns one vector per text, in order */
  async of(tenant: string, texts: readonly string[], signal?: AbortSignal): Promise<ArrayLike<number>[]> {
    const keys = texts.map((text) => this.#keyOf(tenant, text));
    const missing = new Map<string, string>();
    const known = new Map<string, Float32Array>();
    for (const [at, key] of keys.entries()) {
      const vector = this.#kept.get(key);
      if (vector) known.set(key, vector);
      else missing.set(key, texts[at] ?? '');
    }
    this.#options.onLookup?.('hit', texts.length - missing.size);
    this.#options.onLookup?.('miss', missing.size);
    const made = missing.size > 0 ? await this.#options.embedder.embed([...missing.values()], signal) : [];
    const fresh = new Map([...missing.keys()].map((key, at) => [key, Float32Array.from(made[at] ?? [])]));
    // All are read before any is kept: to keep one may drop another.
    const vectors = keys.map((key) => fresh.get(key) ?? known.get(key) ?? new Float32Array());
    for (const [at, key] of keys.entries()) this.#keep(key, vectors[at] ?? new Float32Array());
    return vectors;
  }

  #keep(key: string, vector: Float32Array): void {
    this.#kept.delete(key);
    this.#kept.set(key, vector);
    if (this.#kept.size <= (this.#options.size ?? 4_096)) return;
    for (const oldest of this.#kept.keys()) {
      this.#kept.delete(oldest);
      return;
    }
  }

  #keyOf(tenant: string, text: string): string {
    return createHmac('sha256', this.#key).update(`${tenant.length}:${tenant}`).update(text).digest('base64');
  }
}
