import { describe, expect, it } from '@jest/globals';
import { DependencyMonitor } from '../../../../services/orchestrator/src/dependencies/monitor.ts';

describe('DependencyMonitor', () => {
  it('reports state, latency and the last error, and keeps that error after the return', async () => {
    let broken = true;
    const monitor = new DependencyMonitor({
      name: 'redis',
      hard: false,
      check: async () => {
        if (broken) throw Object.assign(new Error('secret text'), { code: 'ECONNREFUSED' });
      },
    });
    expect(monitor.status).toMatchObject({ state: 'unknown', checkedAt: null });
    expect(await monitor.check()).toMatchObject({ state: 'down', lastError: { message: 'Error ECONNREFUSED' } });
    broken = false;
    expect(await monitor.check()).toMatchObject({
      state: 'up',
      latencyMs: expect.any(Number),
      lastError: { message: 'Error ECONNREFUSED' },
    });
  });

  it('gives up on a check that hangs, and aborts it', async () => {
    let aborted = false;
    const monitor = new DependencyMonitor(
      {
        name: 'x',
        hard: true,
        check: (signal) => new Promise(() => signal.addEventListener('abort', () => (aborted = true))),
      },
      { timeoutMs: 20 },
    );
    expect(await monitor.check()).toMatchObject({ state: 'down', lastError: { message: 'no answer within 20 ms' } });
    expect(aborted).toBe(true);
  });
});
