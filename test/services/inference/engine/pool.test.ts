import { describe, expect, it } from '@jest/globals';
import { Pool } from '../../../../services/inference/src/engine/pool.ts';
import type { RunRequest, RunResult } from '../../../../services/inference/src/engine/protocol.ts';
import type { Compute } from '../../../../services/inference/src/engine/worker-thread.ts';

/** A thread that does one batch after the other, each when the test says so. */
class FakeThread implements Compute {
  available = true;
  readonly waiting: { readonly key: string; readonly finish: () => void }[] = [];

  run({ key }: RunRequest): Promise<RunResult> {
    const { promise, resolve } = Promise.withResolvers<RunResult>();
    this.waiting.push({ key, finish: () => resolve({ outputs: {}, seconds: 1 }) });
    return promise;
  }

  get keys(): string[] {
    return this.waiting.map(({ key }) => key);
  }

  async finish(): Promise<void> {
    this.waiting.shift()?.finish();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async load() {
    return { inputs: [], outputs: [], provider: 'cpu' as const };
  }

  async unload(): Promise<void> {}
  async close(): Promise<void> {}
}

const batch = (key: string): RunRequest => ({ key, feeds: {}, fetches: [] });

describe('Pool', () => {
  it('takes a batch ahead for half of its threads, once all are busy', () => {
    const threads = [new FakeThread(), new FakeThread(), new FakeThread(), new FakeThread()];
    const pool = new Pool(threads);
    for (const key of ['a', 'b', 'c']) void pool.run(batch(key));
    expect([pool.idle, pool.room]).toEqual([1, 0]);
    void pool.run(batch('d'));
    expect([pool.idle, pool.room]).toEqual([0, 2]);
    void pool.run(batch('e'));
    void pool.run(batch('f'));
    expect([pool.idle, pool.room, pool.busy]).toEqual([0, 0, 4]);
    expect(threads.map(({ keys }) => keys)).toEqual([['a', 'e'], ['b', 'f'], ['c'], ['d']]);
  });

  it('puts it behind the batch that began earliest', async () => {
    const [first, second] = [new FakeThread(), new FakeThread()] as const;
    const pool = new Pool([first, second]);
    for (const key of ['a', 'b', 'c']) void pool.run(batch(key));
    expect([first.keys, second.keys]).toEqual([['a', 'c'], ['b']]);
    await first.finish();
    // The first goes on with c, so that b began earlier now.
    expect([pool.idle, pool.room]).toEqual([0, 1]);
    void pool.run(batch('d'));
    expect([first.keys, second.keys]).toEqual([['c'], ['b', 'd']]);
    await second.finish();
    await first.finish();
    expect([pool.idle, pool.room]).toEqual([1, 0]);
  });

  it('hands nothing to a thread that is being started again', async () => {
    const [first, second] = [new FakeThread(), new FakeThread()] as const;
    const pool = new Pool([first, second]);
    void pool.run(batch('a'));
    second.available = false;
    expect([pool.idle, pool.room]).toEqual([0, 1]);
    first.available = false;
    expect([pool.idle, pool.room]).toEqual([0, 0]);
    await expect(pool.run(batch('b'))).rejects.toThrow('no thread is idle');
  });
});
