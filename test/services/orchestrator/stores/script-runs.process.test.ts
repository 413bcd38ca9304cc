import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisConnection } from '../../../../services/orchestrator/src/stores/redis/connection.ts';
import { script } from '../../../../services/orchestrator/src/stores/redis/script.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: RedisConnection;
beforeAll(async () => {
  server = await startRedis();
  redis = new RedisConnection({ url: server.url, password: undefined });
  await redis.connect();
});
afterAll(async () => {
  redis.close();
  await server.stop();
});

const COUNT = script(
  "local function add(key, by) return redis.call('INCRBY', key, by) end",
  "if ARGV[1] == 'nil' then return nil end",
  'return {add(KEYS[1], ARGV[1]), #KEYS, #ARGV, KEYS[2] or false}',
);

describe('runs of a script', () => {
  it('that come together are done in their order, each with its own keys and arguments', async () => {
    const runs = Array.from({ length: 200 }, (_, at) =>
      redis.run(
        COUNT,
        at % 3 === 0 ? ['sum', `second-${at}`] : ['sum'],
        at % 50 === 7 ? ['nil'] : ['1', ...Array(at % 4).fill('x')],
      ),
    );
    const replies = await Promise.all(runs);
    let sum = 0;
    for (const [at, reply] of replies.entries()) {
      if (at % 50 === 7) expect(reply).toBeNull();
      else expect(reply).toEqual([++sum, at % 3 === 0 ? 2 : 1, 1 + (at % 4), at % 3 === 0 ? `second-${at}` : null]);
    }
  });

  it('take fewer commands than runs', async () => {
    const commands = async (): Promise<number> =>
      Number(/total_commands_processed:(\d+)/.exec(String(await redis.command('INFO', 'stats')))?.[1]);
    const before = await commands();
    await Promise.all(Array.from({ length: 320 }, () => redis.run(COUNT, ['sum'], ['1'])));
    // Each run has one command of its own inside; around them there are eleven, not 320.
    expect((await commands()) - before).toBeLessThan(320 + 30);
  });

  it('fail together when Redis is gone, and one that fails does not stop later ones', async () => {
    const wrong = script("return redis.call('NOTHING')");
    const failed = await Promise.allSettled([
      redis.run(wrong, [], []),
      redis.run(wrong, [], []),
      redis.run(wrong, [], []),
    ]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await redis.run(COUNT, ['other'], ['1'])).toEqual([1, 1, 1, null]);
  });
});
