import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { limiter, locked } from '../../../local/images/lock.ts';

describe('limiter', () => {
  it('never runs more at a time than allowed, and runs all, also after a failure', async () => {
    const limit = limiter(2);
    let running = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 7 }, (_, index) =>
        limit(async () => {
          most = Math.max(most, ++running);
          await setTimeout(2);
          running--;
          if (index === 1) throw new Error('one fails');
          return index;
        }),
      ),
    );
    expect(most).toBe(2);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(6);
  });
});

describe('locked', () => {
  it('lets one at a time into a folder, and lets go after a failure', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keelson-lock-'));
    const order: string[] = [];
    const first = locked(folder, async () => {
      order.push('first in');
      await setTimeout(50);
      order.push('first out');
      throw new Error('first fails');
    });
    const failed = expect(first).rejects.toThrow('first fails');
    await setTimeout(20);
    await locked(folder, async () => order.push('second'));
    await failed;
    expect(order).toEqual(['first in', 'first out', 'second']);
    await rm(folder, { recursive: true });
  });
});
