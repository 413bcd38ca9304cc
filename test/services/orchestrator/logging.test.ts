import { describe, expect, it } from '@jest/globals';
import { createLogger } from '../../../services/orchestrator/src/logging.ts';

const logged = (write: (log: ReturnType<typeof createLogger>) => void): string => {
  let text = '';
  const keep = (line: string): void => {
    text += line;
  };
  write(createLogger('info', { write: keep }));
  return text;
};

describe('createLogger', () => {
  it('writes the fields that are allowed', () => {
    expect(JSON.parse(logged((log) => log.info({ event: 'request', status: 200 })))).toMatchObject({
      level: 'info',
      event: 'request',
      status: 200,
    });
  });

  it('drops every other field, nested objects, messages and errors', () => {
    const text = logged((log) => {
      log.info(
        { event: 'x', prompt: 'canary', headers: { authorization: 'canary' }, error: { message: 'canary' } },
        'canary',
      );
      log.info('canary');
      log.error(new Error('canary'));
      log.child({ body: 'canary' }).warn({ event: 'y', err: new Error('canary') });
    });
    expect(text).toContain('"event":"y"');
    expect(text).not.toContain('canary');
  });
});
