import { expect, it } from '@jest/globals';
import { requestLog } from '../../../../services/orchestrator/src/http/request-log.ts';
import { createLogger } from '../../../../services/orchestrator/src/logging.ts';

it('makes a logger for the first line of a request, and none for a request without one', () => {
  const lines: string[] = [];
  const parent = createLogger('info', { write: (line: string) => void lines.push(line) });
  let made = 0;
  const { child } = parent;
  parent.child = function (this: unknown, ...given: unknown[]) {
    made += 1;
    return Reflect.apply(child, this, given);
  } as typeof child; // pino's own type has overloads.
  const log = requestLog(parent, { request_id: 'r-1', body: 'canary' });
  expect([log.level, made]).toEqual(['info', 0]);
  log.warn({ event: 'a' });
  log.error({ event: 'b' });
  log.debug({ event: 'c' });
  expect(made).toBe(1);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ level: 'warn', event: 'a', request_id: 'r-1' }),
    expect.objectContaining({ level: 'error', event: 'b', request_id: 'r-1' }),
  ]);
  expect(lines.join('')).not.toContain('canary');
});
