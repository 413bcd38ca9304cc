import { describe, expect, it } from '@jest/globals';
import { answerProbe } from '../../../../services/orchestrator/src/health/probe.ts';

const known = { notReady: undefined, stillSeconds: 0, stallSeconds: 10 };

describe('answerProbe', () => {
  it('is alive while it is not ready', () => {
    const starting = { ...known, notReady: 'starting: waiting for the database' };
    expect(answerProbe('/health/live', starting)).toEqual({ status: 200, body: { status: 'ok' } });
    expect(answerProbe('/health/ready', starting)).toEqual({
      status: 503,
      body: { status: 'unavailable', reason: 'starting: waiting for the database' },
    });
    expect(answerProbe('/health/ready', known).status).toBe(200);
  });

  it('is neither once the event loop has stood still for too long, and says so', () => {
    expect(answerProbe('/health/live', { ...known, stillSeconds: 9.75 }).status).toBe(200);
    for (const path of ['/health/live', '/health/ready']) {
      expect(answerProbe(path, { ...known, stillSeconds: 10.25 })).toEqual({
        status: 503,
        body: { status: 'unavailable', reason: 'the event loop has not turned for 10 s' },
      });
    }
  });

  it('serves nothing else', () => {
    expect(answerProbe('/metrics', known)).toMatchObject({ status: 404, body: { status: 'unknown' } });
  });
});
