import type { VectorHit, VectorRecord, VectorStore } from '../../../../services/orchestrator/src/ports/vector-store.ts';

/** The simplest vector store that keeps the contract, with a switch for failures. */
export class MemoryVectors implements VectorStore {
  readonly records = new Map<string, VectorRecord>();
  /** Thrown by every call while set. */
  failure: Error | undefined;

  async ensure(): Promise<void> {
    this.#mayFail();
  }

  async upsert(records: readonly VectorRecord[]): Promise<void> {
    this.#mayFail();
    for (const record of records) this.records.set(record.id, record);
  }

  async search(vector: readonly number[], limit: number): Promise<VectorHit[]> {
    this.#mayFail();
    return [...this.records.values()]
      .map((record) => ({ id: record.id, score: cosine(vector, record.vector) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, limit);
  }

  async vectors(ids: readonly string[]): Promise<Map<string, readonly number[]>> {
    this.#mayFail();
    return new Map(ids.flatMap((id) => (this.records.has(id) ? [[id, this.records.get(id)?.vector ?? []]] : [])));
  }

  async present(ids: readonly string[]): Promise<Set<string>> {
    this.#mayFail();
    return new Set(ids.filter((id) => this.records.has(id)));
  }

  async deleteRevisions(revisions: readonly string[]): Promise<void> {
    this.#mayFail();
    for (const [id, { revision }] of this.records) if (revisions.includes(revision)) this.records.delete(id);
  }

  async deleteAllBut(revisions: readonly string[]): Promise<void> {
    this.#mayFail();
    for (const [id, { revision }] of this.records) if (!revisions.includes(revision)) this.records.delete(id);
  }

  async count(): Promise<number> {
    this.#mayFail();
    return this.records.size;
  }

  async ping(): Promise<void> {
    this.#mayFail();
  }

  async close(): Promise<void> {}

  #mayFail(): void {
    if (this.failure) throw this.failure;
  }
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b) || 1);
}
