import { describe, expect, it } from '@jest/globals';
import type { RowInput, RowOutputs } from '../../../../services/inference/src/engine/row.ts';
import { ResultCache } from '../../../../services/inference/src/models/result-cache.ts';

const row = (...ids: number[]): RowInput => ({ ids: Int32Array.from(ids) });
const result = (value: number, size = 1): RowOutputs => ({
  out: { data: new Float32Array(size).fill(value), dims: [size] },
});

function create(maxBytes: number) {
  const asked: number[][] = [];
  const lookups: [number, number][] = [];
  const cache = new ResultCache({ maxBytes, onLookup: (hits, misses) => lookups.push([hits, misses]) });
  const ask = async (rows: RowInput[], { model = 'm/1#1', size = 1 } = {}): Promise<(number | undefined)[]> => {
    const results = await cache.through(model, ['out'], rows, async (missing) => {
      asked.push(...missing.map(({ ids }) => [...ids]));
      return missing.map(({ ids }) => result(ids[0] ?? 0, size));
    });
    return results.map(({ out }) => out?.data[0]);
  };
  return { cache, asked, lookups, ask };
}

describe('ResultCache', () => {
  it('computes what it does not know, once, and keeps the order', async () => {
    const { asked, lookups, ask } = create(100_000);
    expect(await ask([row(1), row(2), row(1)])).toEqual([1, 2, 1]);
    expect(await ask([row(3), row(2)])).toEqual([3, 2]);
    expect(asked).toEqual([[1], [2], [3]]);
    expect(lookups).toEqual([
      [1, 2],
      [1, 1],
    ]);
  });

  it('tells models, masks and types apart', async () => {
    const { asked, ask } = create(100_000);
    await ask([row(1)]);
    await ask([row(1)], { model: 'm/2#2' });
    await ask([{ ...row(1), mask: Int32Array.of(1) }]);
    await ask([{ ...row(1), types: Int32Array.of(1) }]);
    expect(asked).toHaveLength(4);
  });

  it('holds no more bytes than it may, and forgets what was not used for longest', async () => {
    const { cache, asked, ask } = create(20_000);
    for (let id = 0; id < 50; id++) await ask([row(id), row(7)], { size: 500 });
    expect(cache.bytes).toBeLessThanOrEqual(20_000);
    expect(asked.filter(([id]) => id === 7)).toHaveLength(1);
    await ask([row(0)], { size: 500 });
    expect(asked.filter(([id]) => id === 0)).toHaveLength(2);
  });

  it('does not hold the memory of the batch that a result came from', async () => {
    const { cache } = create(100_000);
    const batch = new Float32Array(1000);
    const compute = async () => [{ out: { data: batch.subarray(0, 2), dims: [2] } }];
    await cache.through('m/1#1', ['out'], [row(1)], compute);
    const [again] = await cache.through('m/1#1', ['out'], [row(1)], compute);
    expect(again?.out?.data.buffer.byteLength).toBe(8);
  });

  it('forgets a model that is unloaded', async () => {
    const { cache, ask } = create(100_000);
    await ask([row(1)]);
    await ask([row(1)], { model: 'm/1#10' });
    const both = cache.bytes;
    cache.forget('m/1#1');
    expect(cache.bytes).toBe(both / 2 + 0.5);
  });

  it('keeps nothing when it may hold nothing', async () => {
    const { asked, ask } = create(0);
    await ask([row(1)]);
    await ask([row(1)]);
    expect(asked).toHaveLength(2);
  });
});
