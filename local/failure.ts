import { types } from 'node:util';

/** Exit codes of the command line, after sysexits.h, so that scripts can tell the cases apart. */
export const exitCodes = {
  /** The command ran and found something wrong. */
  failed: 1,
  /** The command was called wrongly. */
  usage: 64,
  /** Something that the command needs does not run or does not answer. */
  unavailable: 69,
  /** This machine or its configuration does not fit. */
  environment: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What went wrong, in words for the person who ran the command. */
export interface FailureFacts {
  /** The setting, file or address at fault. */
  readonly path: string;
  /** What was found there. */
  readonly value: string;
  /** What to do about it: an order. */
  readonly cure: string;
  readonly exitCode: ExitCode;
}

/** A failure that the person can mend: the command prints its one line, without a stack, and ends with its exit code. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor({ path, value, cure, exitCode }: FailureFacts, options?: ErrorOptions) {
    super(`${path}: ${value}. ${cure}`.replaceAll(/\s*\n\s*/g, ' '), options);
    this.name = 'Failure';
    this.exitCode = exitCode;
  }
}

/** The code of a system error, such as `ENOENT`; undefined for any other value. */
export function codeOf(error: unknown): string | undefined {
  // Not instanceof: an error of Node's own modules belongs to another realm where code runs in a context of its own.
  return types.isNativeError(error) && 'code' in error ? String(error.code) : undefined;
}
