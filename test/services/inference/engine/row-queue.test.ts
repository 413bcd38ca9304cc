import { describe, expect, it } from '@jest/globals';
import { bucketOf, type Row } from '../../../../services/inference/src/engine/row.ts';
import { RowQueue } from '../../../../services/inference/src/engine/row-queue.ts';

function row(sequence: number, length: number): Row {
  const noop = (): void => {};
  return {
    input: { ids: new Int32Array(length) },
    outputs: [],
    bucket: bucketOf(length),
    sequence,
    attempts: 0,
    cancelled: false,
    resolve: noop,
    reject: noop,
  };
}

function queueOf(...lengths: number[]): RowQueue {
  const queue = new RowQueue();
  for (const [sequence, length] of lengths.entries()) queue.push(row(sequence, length));
  return queue;
}

const sequences = (rows: readonly Row[]): number[] => rows.map(({ sequence }) => sequence);

describe('bucketOf', () => {
  it('never shortens, wastes under an eighth beyond the shortest, and knows few lengths', () => {
    const lengths = Array.from({ length: 512 }, (_, at) => at + 1);
    expect(lengths.every((length) => bucketOf(length) >= length)).toBe(true);
    expect(lengths.slice(8).every((length) => bucketOf(length) / length < 1.125)).toBe(true);
    expect(new Set(lengths.map(bucketOf)).size).toBeLessThan(100);
  });
});

describe('RowQueue', () => {
  it('starts with the row that waited longest, and takes others of its length', () => {
    const queue = queueOf(50, 10, 51, 10);
    expect(sequences(queue.take(1000))).toEqual([0, 2]);
    expect(sequences(queue.take(1000))).toEqual([1, 3]);
    expect(queue.take(1000)).toEqual([]);
  });

  it('takes shorter rows along while their padding costs less than a batch of their own', () => {
    const queue = queueOf(16, 12, 12, 3);
    expect(sequences(queue.take(1000))).toEqual([0, 1, 2, 3]);
    const wide = queueOf(16, 3, 3, 3, 3);
    expect(sequences(wide.take(1000))).toEqual([0, 1, 2]);
  });

  it('keeps within the tokens, and takes a longer row by itself', () => {
    expect(sequences(queueOf(8, 8, 8, 8).take(24))).toEqual([0, 1, 2]);
    expect(sequences(queueOf(200, 200).take(64))).toEqual([0]);
  });

  it('puts a row that is tried again into its old place', () => {
    const queue = queueOf(8, 8, 8);
    const [first] = queue.take(8);
    if (first !== undefined) queue.push(first);
    expect(sequences(queue.take(1000))).toEqual([0, 1, 2]);
  });

  it('counts what waits', () => {
    const queue = queueOf(8, 30, 8);
    expect([queue.size, queue.tokens, queue.oldest]).toEqual([3, 46, 0]);
    const taken = queue.take(8);
    expect([queue.size, queue.tokens, queue.oldest]).toEqual([2, 38, 1]);
    queue.cancel(taken);
    expect(queue.size).toBe(2);
  });
});
