/** Turns texts into vectors. */
export interface Embedder {
  readonly model: string;
  readonly dimension: number;
  /**
   * @returns one unit-length vector per text, in order
   * @throws AppError `dependency_unavailable` when it cannot be reached, `dependency_mismatch` when vectors have another length
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
}
