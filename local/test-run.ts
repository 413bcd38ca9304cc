import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** How many checks passed and failed. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

export const sum = (tallies: readonly Tally[]): Tally =>
  tallies.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed }), { passed: 0, failed: 0 });

/** The part of jest's JSON report that is counted. */
interface JestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  /** Files that could not be run at all; their tests are in no other number. */
  readonly numRuntimeErrorTestSuites: number;
}

/** Counts one check that ends with an exit code. */
export const single = (exitCode: number | undefined): Tally =>
  exitCode === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };

/**
 * Counts a run of jest by its report. A run that found no test, did not write its report, or failed without a failed test (a
 * broken file, a crash, an open handle) counts as one failure more.
 *
 * @param exitCode - undefined when a signal ended jest
 */
export function jestTally(report: string, exitCode: number | undefined): Tally {
  let facts: JestReport;
  try {
    // Written by jest --json.
    facts = JSON.parse(readFileSync(report, 'utf8')) as JestReport;
  } catch {
    return { passed: 0, failed: 1 };
  }
  const failed = facts.numFailedTests + facts.numRuntimeErrorTestSuites;
  const unexplained = facts.numTotalTests === 0 || (exitCode !== 0 && failed === 0);
  return { passed: facts.numPassedTests, failed: failed + (unexplained ? 1 : 0) };
}

/** The last line of a test run. */
export const tallyLine = ({ passed, failed }: Tally): string => `${passed} passed, ${failed} failed`;

/** Whether there is a program that npm installed. */
export function installedProgram(repository: string, name: string): string {
  const program = path.join(repository, 'node_modules', '.bin', name);
  if (!existsSync(program)) throw new Error(`${program}: missing. Remove node_modules and run npm test again`);
  return program;
}
