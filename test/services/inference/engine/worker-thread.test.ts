import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { WorkerCrashedError, WorkerThread } from '../../../../services/inference/src/engine/worker-thread.ts';

const entry = new URL('../support/crashing-worker.ts', import.meta.url);
const run = (key: string) => ({ key, feeds: {}, fetches: [] });
const spec = (key: string) => ({ key, graph: new Uint8Array(1), folder: '/', threads: 1 });

describe('WorkerThread', () => {
  let thread: WorkerThread;
  afterEach(() => thread.close());

  it('starts again with the sessions that it had, after it ended unasked', async () => {
    const onCrash = jest.fn();
    const restarted = Promise.withResolvers<void>();
    thread = new WorkerThread({ entry, onCrash, onRestarted: restarted.resolve });
    await thread.load(spec('a/1'));
    await thread.load(spec('b/1'));
    await expect(thread.run(run('crash'))).rejects.toThrow(WorkerCrashedError);
    expect(onCrash).toHaveBeenCalledWith(
      expect.objectContaining({ message: expect.stringContaining('out of memory, say') }),
    );
    expect(thread.available).toBe(false);
    // Asked meanwhile, it answers once it is back.
    const result = await thread.run(run('a/1'));
    await restarted.promise;
    expect(thread.available).toBe(true);
    expect(result.outputs.count?.data[0]).toBe(2);
  });

  it('passes on what a worker could not do, and goes on', async () => {
    thread = new WorkerThread({ entry });
    await expect(thread.run(run('fail'))).rejects.toThrow('no such session');
    expect((await thread.run(run('a/1'))).outputs.count?.data[0]).toBe(0);
  });

  it('says which work it had begun with when it ended', async () => {
    thread = new WorkerThread({ entry });
    const lost = await Promise.allSettled([thread.run(run('crash')), thread.run(run('a/1'))]);
    expect(lost).toMatchObject([{ reason: { begun: true } }, { reason: { begun: false } }]);
  });

  it('answers what is asked after it was closed', async () => {
    thread = new WorkerThread({ entry });
    await thread.close();
    await expect(thread.run(run('a/1'))).rejects.toThrow('the worker is closed');
  });
});
