import { embeddingText } from '../documents/passages.ts';
import type { DocumentStore, StoredPassage } from '../ports/document-store.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { VectorStore } from '../ports/vector-store.ts';
import { fuse } from './fusion.ts';
import { queryWords } from './terms.ts';

/** A passage that was found. */
export interface Found {
  readonly passage: StoredPassage;
  /** Cosine of question and passage, 0..1. */
  readonly score: number;
  /** Share of the question's words that the passage holds, weighed by their rarity, 0..1. */
  readonly words: number;
  /** What the order is by: vector and words together. */
  readonly rank: number;
}

export interface RetrieverDeps {
  readonly documents: DocumentStore;
  readonly vectors: VectorStore;
  readonly embedder: Embedder;
  /** Told how long a retrieval took, in seconds. */
  readonly onDuration?: (seconds: number) => void;
  /** Told when the vector store lacks passages that the document store has. */
  readonly onLacking?: () => void;
}

/** Candidates of each kind: enough that the right passage is among them, few enough to fetch at once. */
const CANDIDATES = 24;

/** How many passages without a vector are embedded for one question. */
const BRIDGED = 6;

/** Finds passages by meaning (vectors) and by words (full text), and orders them by both. */
export class Retriever {
  readonly #deps: RetrieverDeps;

  constructor(deps: RetrieverDeps) {
    this.#deps = deps;
  }

  async search(query: string, limit: number, signal?: AbortSignal): Promise<Found[]> {
    const started = performance.now();
    const { documents, vectors, embedder } = this.#deps;
    const wanted = Math.max(CANDIDATES, limit);
    const [[vector = []], lexical] = await Promise.all([
      embedder.embed([query], signal),
      documents.lexical(queryWords(query), wanted),
    ]);
    const hits = await vectors.search(vector, wanted);
    const cosines = new Map(hits.map((hit) => [hit.id, hit.score]));
    const others = lexical.filter((hit) => !cosines.has(hit.id)).map((hit) => hit.id);
    const [passages, known] = await Promise.all([
      documents.passages([...cosines.keys(), ...others]),
      others.length > 0 ? vectors.vectors(others) : new Map<string, readonly number[]>(),
    ]);
    for (const [id, other] of known) cosines.set(id, dot(vector, other));
    await this.#bridge(
      vector,
      passages.filter(({ id }) => !cosines.has(id)),
      lexical,
      cosines,
      signal,
    );
    const shares = new Map(lexical.map((hit) => [hit.id, hit.share]));
    const ranks = fuse(cosines, lexical);
    // Only what the document store knows is shown: a vector of an unfinished or replaced write is nobody's answer.
    const found = passages
      .map((passage) => ({
        passage,
        score: clamp(cosines.get(passage.id) ?? 0),
        words: shares.get(passage.id) ?? 0,
        rank: ranks.get(passage.id) ?? 0,
      }))
      .sort((a, b) => b.rank - a.rank || b.score - a.score || (a.passage.id < b.passage.id ? -1 : 1))
      .slice(0, limit);
    this.#deps.onDuration?.((performance.now() - started) / 1000);
    return found;
  }

  /**
   * Passages that the document store has and the vector store lacks: it lost them, and they are being made again. Until
   * then the best of those with the right words are embedded here, so that an answer is not denied meanwhile.
   */
  async #bridge(
    vector: readonly number[],
    lacking: readonly StoredPassage[],
    lexical: readonly { readonly id: string }[],
    cosines: Map<string, number>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (lacking.length === 0) return;
    this.#deps.onLacking?.();
    const order = new Map(lexical.map(({ id }, at) => [id, at]));
    const best = [...lacking].sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0)).slice(0, BRIDGED);
    const embedded = await this.#deps.embedder.embed(
      best.map((passage) => embeddingText(passage.title, passage)),
      signal,
    );
    for (const [at, { id }] of best.entries()) cosines.set(id, dot(vector, embedded[at] ?? []));
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
