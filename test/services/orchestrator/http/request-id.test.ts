import { describe, expect, it } from '@jest/globals';
import { requestId } from '../../../../services/orchestrator/src/http/request-id.ts';

const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe('requestId', () => {
  it('is a UUID of version 7 that begins with the time', () => {
    const before = Date.now();
    const id = requestId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(timeOf(id)).toBeGreaterThanOrEqual(before);
    expect(timeOf(id)).toBeLessThanOrEqual(Date.now());
  });

  it('is another one each time, and a later one sorts after an earlier one', () => {
    const ids = Array.from({ length: 20_000 }, requestId);
    expect(new Set(ids).size).toBe(ids.length);
    const times = ids.map(timeOf);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});
