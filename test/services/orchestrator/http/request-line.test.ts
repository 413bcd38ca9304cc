import { expect, it } from '@jest/globals';
import { RequestLine } from '../../../../services/orchestrator/src/http/request-line.ts';
import { createLogger } from '../../../../services/orchestrator/src/logging.ts';

const of = (level: 'info' | 'warn') => {
  const lines: string[] = [];
  const log = createLogger(level, { write: (line: string) => void lines.push(line) });
  return { log, lines };
};

it.each(['', 'ada', 'o"brien\n'])('is what pino would write (caller: %j)', (caller) => {
  const { log, lines } = of('info');
  new RequestLine('POST', '/v1/"chat"', 200).write(log, { id: 'r-1', caller, ms: 1.2 });
  log.info({
    event: 'request',
    request_id: 'r-1',
    method: 'POST',
    route: '/v1/"chat"',
    status: 200,
    duration_ms: 1.2,
    ...(caller === '' ? {} : { caller }),
  });
  const withoutTime = lines.map((line) => line.replace(/"time":"[^"]+"/, ''));
  expect(withoutTime[0]).toBe(withoutTime[1]);
  expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/);
});

it('is not written where nobody wants to know', () => {
  const { log, lines } = of('warn');
  new RequestLine('GET', '/', 200).write(log, { id: 'r-1', caller: '', ms: 1 });
  expect(lines).toEqual([]);
});
