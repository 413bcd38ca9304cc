/** A passage's vector. The revision is the write that made it: one write's vectors come and go together. */
export interface VectorRecord {
  readonly id: string;
  readonly revision: string;
  readonly vector: readonly number[];
}

export interface VectorHit {
  readonly id: string;
  /** Cosine, -1..1. */
  readonly score: number;
}

/**
 * Holds the vectors of passages. It is an index over the document store, never the truth: whatever it loses is put back from
 * there, and whatever it holds beyond it is never shown.
 *
 * Every method throws AppError `dependency_unavailable` when the store cannot be reached.
 */
export interface VectorStore {
  /** Creates the collection when it is missing, and makes it searchable. Idempotent, and safe beside other replicas. */
  ensure(): Promise<void>;
  /** Adds or replaces. Visible to `search` once resolved. */
  upsert(records: readonly VectorRecord[]): Promise<void>;
  search(vector: readonly number[], limit: number): Promise<VectorHit[]>;
  /** The vectors of those ids that are there. */
  vectors(ids: readonly string[]): Promise<Map<string, readonly number[]>>;
  /** Which of these ids are there. */
  present(ids: readonly string[]): Promise<Set<string>>;
  /** Deletes every vector of these writes. Deleting what is not there is no error. */
  deleteRevisions(revisions: readonly string[]): Promise<void>;
  /** Deletes every vector of any other write than these. */
  deleteAllBut(revisions: readonly string[]): Promise<void>;
  count(): Promise<number>;
  /** Resolves when the store answers. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
