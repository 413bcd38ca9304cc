import type { Row, WaitingQueue } from './row.ts';

/**
 * Padding that a batch may contain so as to be one batch instead of two, in tokens. Starting a batch costs about as
 * much as computing this many.
 */
const PADDING_WORTH_A_BATCH = 24;

/** The rows that wait for one model, by the length they are padded to. */
export class RowQueue implements WaitingQueue<Row> {
  readonly #buckets = new Map<number, Row[]>();
  #rows = 0;
  #tokens = 0;

  /** Rows that wait. */
  get size(): number {
    return this.#rows;
  }

  /** Tokens that wait, padding included. */
  get tokens(): number {
    return this.#tokens;
  }

  /** The lowest sequence number that waits; Infinity when none does. */
  get oldest(): number {
    return this.#head()?.sequence ?? Number.POSITIVE_INFINITY;
  }

  push(row: Row): void {
    const bucket = this.#buckets.get(row.bucket);
    if (bucket === undefined) this.#buckets.set(row.bucket, [row]);
    else if (row.sequence >= (bucket.at(-1)?.sequence ?? 0)) bucket.push(row);
    // One that is tried again has its old place.
    else
      bucket.splice(
        bucket.findIndex(({ sequence }) => sequence > row.sequence),
        0,
        row,
      );
    this.#rows += 1;
    this.#tokens += row.bucket;
  }

  /** Takes rows out that nobody waits for. */
  cancel(rows: Iterable<Row>): void {
    const gone = new Set<Row>();
    for (const row of rows) {
      row.cancelled = true;
      gone.add(row);
    }
    for (const [length, bucket] of this.#buckets) {
      const left = bucket.filter((row) => !gone.has(row));
      this.#replace(length, bucket, left);
    }
  }

  /**
   * Takes the next batch: the row that waited longest, others of its length, and shorter ones as long as padding them
   * costs less than a batch of their own. Never empty while rows wait.
   *
   * @param maxTokens most tokens of the batch, padding included; a single longer row is a batch by itself
   */
  take(maxTokens: number): Row[] {
    const head = this.#head();
    if (head === undefined) return [];
    const length = head.bucket;
    let room = Math.max(1, Math.floor(maxTokens / length));
    let padding = PADDING_WORTH_A_BATCH;
    const batch: Row[] = [];
    const shorter = [...this.#buckets.keys()].filter((other) => other <= length).sort((a, b) => b - a);
    for (const other of shorter) {
      const bucket = this.#buckets.get(other) ?? [];
      const waste = length - other;
      const count = Math.min(bucket.length, room, waste === 0 ? room : Math.floor(padding / waste));
      if (count === 0) continue;
      batch.push(...bucket.slice(0, count));
      this.#replace(other, bucket, bucket.slice(count));
      room -= count;
      padding -= waste * count;
    }
    return batch;
  }

  #head(): Row | undefined {
    let oldest: Row | undefined;
    for (const [first] of this.#buckets.values()) {
      if (first !== undefined && (oldest === undefined || first.sequence < oldest.sequence)) oldest = first;
    }
    return oldest;
  }

  #replace(length: number, before: readonly Row[], after: Row[]): void {
    const removed = before.length - after.length;
    if (removed === 0) return;
    this.#rows -= removed;
    this.#tokens -= removed * length;
    if (after.length === 0) this.#buckets.delete(length);
    else this.#buckets.set(length, after);
  }
}
