import type { Embeddings } from './embeddings.ts';
import { type Method, measure } from './measure.ts';

/** A text's place in the list that was sent, and how near it is. */
export interface Ranked {
  readonly index: number;
  readonly similarity: number;
}

export interface SimilarityDeps {
  readonly embeddings: Embeddings;
  /** Told how long a computation took, embedding included, in seconds. */
  readonly onDuration?: (method: Method, seconds: number) => void;
}

/** Who asks: entries of the cache belong to a tenant. */
export interface Asking {
  readonly tenant: string;
  readonly signal: AbortSignal;
}

/** Compares texts by their vectors. */
export class Similarity {
  readonly model: string;
  readonly dimension: number;
  readonly #deps: SimilarityDeps;

  constructor(deps: SimilarityDeps) {
    this.#deps = deps;
    this.model = deps.embeddings.model;
    this.dimension = deps.embeddings.dimension;
  }

  async pair(first: string, second: string, method: Method, asking: Asking): Promise<number> {
    const [ranked] = await this.each(first, [second], method, asking);
    return ranked?.similarity ?? 0;
  }

  /** How near each candidate is, in the order in which they came. */
  async each(query: string, candidates: readonly string[], method: Method, asking: Asking): Promise<Ranked[]> {
    const started = performance.now();
    const [asked = [], ...vectors] = await this.#deps.embeddings.of(
      asking.tenant,
      [query, ...candidates],
      asking.signal,
    );
    const all = vectors.map((vector, index) => ({ index, similarity: round(measure(method, asked, vector)) }));
    this.#deps.onDuration?.(method, (performance.now() - started) / 1000);
    return all;
  }

  /** The nearest first; of equally near ones, the one that came first. */
  async ranked(query: string, candidates: readonly string[], method: Method, asking: Asking): Promise<Ranked[]> {
    const all = await this.each(query, candidates, method, asking);
    return all.sort((a, b) => b.similarity - a.similarity || a.index - b.index);
  }
}

/** Float32 vectors carry seven digits. */
function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
