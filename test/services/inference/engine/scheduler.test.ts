import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QueueFullError, Scheduler } from '../../../../services/inference/src/engine/scheduler.ts';
import { WorkerCrashedError } from '../../../../services/inference/src/engine/worker-thread.ts';
import { FAKE_MODEL, FakeRunner } from '../support/fake-runner.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function create({ threads = 1, ahead = 0, maxQueue = 1000, maxBatchTokens = 64 } = {}) {
  const runner = new FakeRunner(threads, ahead);
  const scheduler = new Scheduler(runner, { maxQueue, maxBatchTokens });
  const submit = (rows: number[][], options: { outputs?: string[]; signal?: AbortSignal; key?: string } = {}) =>
    scheduler.submit({
      key: options.key ?? 'm/1',
      model: FAKE_MODEL,
      rows: rows.map((ids) => ({ ids: Int32Array.from(ids) })),
      outputs: options.outputs ?? ['sentence'],
      ...(options.signal && { signal: options.signal }),
    });
  const finishAll = async (): Promise<void> => {
    await turn();
    while (runner.started.length > 0) {
      runner.started[0]?.finish();
      await turn();
    }
  };
  return { runner, scheduler, submit, finishAll };
}

const sumOf = (ids: number[]): number[] => [ids.reduce((a, b) => a + b, 0), ids.length];

describe('Scheduler', () => {
  it('gives every request its own rows in any interleaving of sizes, cancels and ends', async () => {
    const row = fc.array(fc.integer({ min: 1, max: 999 }), { minLength: 1, maxLength: 60 });
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.record({ submit: fc.array(row, { minLength: 1, maxLength: 12 }) }) },
      { weight: 3, arbitrary: fc.record({ finish: fc.nat(3) }) },
      { weight: 1, arbitrary: fc.record({ cancel: fc.nat(20) }) },
      { weight: 1, arbitrary: fc.record({ crash: fc.nat(3) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.nat(2),
        fc.array(action, { maxLength: 40 }),
        async (threads, ahead, actions) => {
          const { runner, scheduler, submit, finishAll } = create({ threads, ahead });
          const requests: { rows: number[][]; abort: AbortController; result: Promise<unknown> }[] = [];
          for (const step of actions) {
            if ('submit' in step) {
              const abort = new AbortController();
              const result = submit(step.submit, { signal: abort.signal }).catch((error: Error) => error);
              requests.push({ rows: step.submit, abort, result });
            } else if ('finish' in step) runner.started[step.finish]?.finish();
            else if ('cancel' in step) requests[step.cancel]?.abort.abort(new Error('gone'));
            else runner.started[step.crash]?.finish(new WorkerCrashedError('lost'));
            await turn();
          }
          await finishAll();
          for (const { rows, abort, result } of requests) {
            const value = await result;
            if (value instanceof Error) {
              // Cancelled, or its worker was lost twice: an error, never somebody else's rows.
              expect(abort.signal.aborted || value instanceof WorkerCrashedError).toBe(true);
            } else {
              expect(value).toEqual(
                rows.map((ids) => ({ sentence: { data: Float32Array.from(sumOf(ids)), dims: [2] } })),
              );
            }
          }
          for (const { feeds } of runner.requests) {
            const [count = 0, length = 0] = feeds.ids?.dims ?? [];
            expect(count === 1 || count * length <= 64).toBe(true);
          }
          await scheduler.drained();
          expect(scheduler.depth('m/1')).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('starts at once on an idle worker, and lets the queue grow into a batch while all are busy', async () => {
    const { runner, submit, finishAll } = create();
    const first = submit([[1]]);
    await turn();
    const others = [submit([[2]]), submit([[3, 4]]), submit([[5]])];
    await turn();
    expect(runner.requests).toHaveLength(1);
    await finishAll();
    await Promise.all([first, ...others]);
    expect(runner.requests.map(({ feeds }) => feeds.ids?.dims)).toEqual([
      [1, 4],
      [3, 4],
    ]);
  });

  it('shares the rows of one request out among idle workers', async () => {
    const { runner, submit, finishAll } = create({ threads: 2 });
    const result = submit(Array.from({ length: 8 }, (_, at) => [at + 1]));
    await turn();
    expect(runner.started.map(({ request }) => request.feeds.ids?.dims)).toEqual([
      [4, 4],
      [4, 4],
    ]);
    await finishAll();
    expect((await result).map(({ sentence }) => sentence?.data[0])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('computes only the outputs that are asked for, and cuts padding off those per token', async () => {
    const { runner, submit, finishAll } = create();
    const blocker = submit([[9]]);
    await turn();
    const sentence = submit([[1, 2, 3, 4, 5]]);
    const tokens = submit([[7, 8]], { outputs: ['tokens'] });
    await finishAll();
    await blocker;
    expect(Object.keys((await sentence)[0] ?? {})).toEqual(['sentence']);
    expect((await tokens)[0]).toEqual({ tokens: { data: Float32Array.of(7, 7, 8, 8), dims: [2, 2] } });
    expect(runner.requests[1]?.fetches).toEqual(['sentence', 'tokens']);
  });

  it('refuses what does not fit the queue, whole, and says when to come back', async () => {
    const { scheduler, submit, finishAll } = create({ maxQueue: 3 });
    const running = submit([[1]]);
    await turn();
    const waiting = submit([[2], [3]]);
    await expect(submit([[4], [5]])).rejects.toThrow(QueueFullError);
    await expect(submit([[4], [5]])).rejects.toMatchObject({ retryAfterSeconds: expect.any(Number) });
    expect(scheduler.depth('m/1')).toBe(2);
    const fits = submit([[6]]);
    await finishAll();
    await Promise.all([running, waiting, fits]);
  });

  it('takes a request that is larger than the queue when nothing else waits', async () => {
    const { submit, finishAll } = create({ maxQueue: 3 });
    const large = submit(Array.from({ length: 9 }, () => [1]));
    await finishAll();
    expect(await large).toHaveLength(9);
  });

  it('takes the rows of a request out of the queue when nobody waits for it', async () => {
    const { runner, scheduler, submit, finishAll } = create();
    const running = submit([[1]]);
    await turn();
    const abort = new AbortController();
    const gone = submit([[2], [3]], { signal: abort.signal });
    abort.abort(new Error('the client has gone'));
    await expect(gone).rejects.toThrow('the client has gone');
    expect(scheduler.depth('m/1')).toBe(0);
    await finishAll();
    await running;
    expect(runner.requests).toHaveLength(1);
  });

  it('computes a batch once more when its worker is lost, and no more than that', async () => {
    const { runner, submit, finishAll } = create();
    const retried = submit([[1, 2]]);
    await turn();
    runner.started[0]?.finish(new WorkerCrashedError('lost'));
    await finishAll();
    expect((await retried)[0]?.sentence?.data).toEqual(Float32Array.of(3, 2));

    const failing = submit([[1, 2]]).catch((error: Error) => error);
    for (let attempt = 0; attempt < 2; attempt++) {
      await turn();
      runner.started[0]?.finish(new WorkerCrashedError('lost'));
    }
    expect(await failing).toBeInstanceOf(WorkerCrashedError);
  });

  it('serves the model that waited longest', async () => {
    const { runner, submit, finishAll } = create();
    const results = [submit([[1]]), submit([[2]], { key: 'b/1' }), submit([[3]], { key: 'a/1' })];
    await finishAll();
    await Promise.all(results);
    expect(runner.requests.map(({ key }) => key)).toEqual(['m/1', 'b/1', 'a/1']);
  });

  it('hands a batch ahead while much waits, and none while little does', async () => {
    const { runner, submit, finishAll } = create({ ahead: 1 });
    // 8 tokens each, and 64 at most in a batch.
    const rows = (count: number) => Array.from({ length: count }, () => [1, 2, 3, 4, 5, 6, 7, 8]);
    const little = submit(rows(8 + 3));
    await turn();
    expect(runner.started).toHaveLength(1);
    const more = submit(rows(1));
    await turn();
    expect(runner.started).toHaveLength(2);
    await finishAll();
    expect([(await little).length, (await more).length]).toEqual([11, 1]);
  });

  it('does not blame a batch that its worker had not begun with', async () => {
    const { runner, submit, finishAll } = create();
    const result = submit([[1, 2]]);
    for (let crash = 0; crash < 3; crash++) {
      await turn();
      runner.started[0]?.finish(new WorkerCrashedError('lost', { begun: false }));
    }
    await finishAll();
    expect((await result)[0]?.sentence?.data).toEqual(Float32Array.of(3, 2));
  });
});
