import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createProgress, duration } from '../../local/progress.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

function recorder(isTTY: boolean, columns = 60) {
  const written: string[] = [];
  return { written, output: { isTTY, columns, write: (text: string) => written.push(text) } };
}

describe('duration', () => {
  it.each([
    [400, '0 s'],
    [59_400, '59 s'],
    [60_000, '1 min 00 s'],
    [125_000, '2 min 05 s'],
  ])('writes %d ms as %s', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));
});

describe('without a terminal', () => {
  it('writes a line at the start, every 15 s with elapsed and expected time, and at the end', () => {
    const { written, output } = recorder(false);
    const task = createProgress(output).task('build pulumi', 100);
    jest.advanceTimersByTime(15_000);
    task.update('linking');
    jest.advanceTimersByTime(15_000);
    task.done('v3');
    jest.advanceTimersByTime(60_000);
    expect(written).toEqual([
      '  build pulumi ... (about 1 min 40 s)\n',
      '  ... build pulumi, 15 s of about 1 min 40 s\n',
      '  ... build pulumi: linking, 30 s of about 1 min 40 s\n',
      '✓ build pulumi: v3 (30 s)\n',
    ]);
  });

  it('tells of all tasks that run at the same time, and ends each once', () => {
    const { written, output } = recorder(false);
    const progress = createProgress(output);
    const one = progress.task('one');
    const two = progress.task('two');
    jest.advanceTimersByTime(15_000);
    one.fail('broken');
    one.done();
    two.done();
    expect(written.slice(2)).toEqual([
      '  ... one, 15 s\n',
      '  ... two, 15 s\n',
      '✗ one: broken (15 s)\n',
      '✓ two (15 s)\n',
    ]);
  });
});

describe('on a terminal', () => {
  it('keeps one living line, never wider than the terminal, and moves it below notes', () => {
    const { written, output } = recorder(true, 20);
    const progress = createProgress(output);
    const task = progress.task('a label that is longer than the terminal is wide');
    progress.note('hello');
    task.done();
    const living = written.filter((text) => text.startsWith('\r\u001B[Ka label'));
    expect(living.length).toBeGreaterThan(1);
    for (const text of living) expect(text.replace('\r\u001B[K', '').length).toBeLessThan(20);
    expect(written).toContain('hello\n');
    expect(written.at(-1)).toBe('✓ a label that is longer than the terminal is wide (0 s)\n');
  });

  it('leaves nothing behind when it is stopped', () => {
    const { written, output } = recorder(true);
    const progress = createProgress(output);
    progress.task('one');
    progress.stop();
    jest.advanceTimersByTime(5_000);
    expect(written.at(-1)).toBe('\r\u001B[K');
  });
});
