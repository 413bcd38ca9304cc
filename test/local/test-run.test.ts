import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { jestTally, single, sum, tallyLine } from '../../local/test-run.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'keelson-tally-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tally = (numbers: { passed?: number; failed?: number; broken?: number; total?: number }, exitCode?: number) => {
  const { passed = 0, failed = 0, broken = 0, total = passed + failed } = numbers;
  const report = path.join(folder, 'report.json');
  writeFileSync(
    report,
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numTotalTests: total,
      numRuntimeErrorTestSuites: broken,
    }),
  );
  return jestTally(report, exitCode);
};

describe('jestTally', () => {
  it('counts tests', () => expect(tally({ passed: 3, failed: 2 }, 1)).toEqual({ passed: 3, failed: 2 }));
  it('counts a green run', () => expect(tally({ passed: 3 }, 0)).toEqual({ passed: 3, failed: 0 }));
  it('counts a file that does not load', () =>
    expect(tally({ passed: 3, broken: 1 }, 1)).toEqual({ passed: 3, failed: 1 }));
  it('counts a run without tests as failed', () => expect(tally({}, 0)).toEqual({ passed: 0, failed: 1 }));
  it('counts a run that fails without a failed test', () =>
    expect(tally({ passed: 3 }, 1)).toEqual({ passed: 3, failed: 1 }));
  it('counts a run that a signal ended', () => expect(tally({ passed: 3 })).toEqual({ passed: 3, failed: 1 }));
  it('counts a run that left no report', () => {
    expect(jestTally(path.join(folder, 'none.json'), 0)).toEqual({ passed: 0, failed: 1 });
  });
});

it('sums up to the last line', () => {
  expect(tallyLine(sum([single(0), single(1), single(undefined), { passed: 5, failed: 0 }]))).toBe(
    '6 passed, 2 failed',
  );
});
