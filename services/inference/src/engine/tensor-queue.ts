import type { WaitingQueue } from './row.ts';
import { signatureOf, type TensorRow } from './tensor-batch.ts';

/** Requests that wait for a model with tensors of its own, in the order in which they came. */
export class TensorQueue implements WaitingQueue<TensorRow> {
  readonly #maxRows: number;
  #waiting: TensorRow[] = [];
  #tokens = 0;

  /** @param maxRows most rows that are computed together; 0 to compute each request by itself */
  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get tokens(): number {
    return this.#tokens;
  }

  get oldest(): number {
    return this.#waiting[0]?.sequence ?? Number.POSITIVE_INFINITY;
  }

  push(row: TensorRow): void {
    // One that is tried again has its old place.
    const after = this.#waiting.findIndex(({ sequence }) => sequence > row.sequence);
    if (after === -1) this.#waiting.push(row);
    else this.#waiting.splice(after, 0, row);
    this.#tokens += row.bucket;
  }

  cancel(rows: Iterable<TensorRow>): void {
    const gone = new Set(rows);
    for (const row of gone) row.cancelled = true;
    this.#keep((row) => !gone.has(row));
  }

  take(): TensorRow[] {
    const [head] = this.#waiting;
    if (head === undefined) return [];
    const taken = new Set([head]);
    if (head.input.rows > 0) {
      const signature = signatureOf(head.input);
      let room = this.#maxRows - head.input.rows;
      for (const row of this.#waiting) {
        if (taken.has(row) || row.input.rows === 0 || row.input.rows > room) continue;
        if (signatureOf(row.input) !== signature) continue;
        taken.add(row);
        room -= row.input.rows;
      }
    }
    this.#keep((row) => !taken.has(row));
    return [...taken];
  }

  #keep(wanted: (row: TensorRow) => boolean): void {
    this.#waiting = this.#waiting.filter(wanted);
    this.#tokens = this.#waiting.reduce((sum, { bucket }) => sum + bucket, 0);
  }
}
