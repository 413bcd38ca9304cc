import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisConnection } from '../../../../services/orchestrator/src/stores/redis/connection.ts';
import { eventually } from '../../../support/processes.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe('RedisConnection', () => {
  it('fails at once while Redis is gone, and works again after its return', async () => {
    const redis = new RedisConnection({ url: server.url, password: undefined });
    await redis.ping();
    await server.kill();
    await expect(redis.ping()).rejects.toThrow();
    await server.restart();
    await eventually(() => redis.ping());
    redis.close();
  });
});
