import type { Command } from 'commander';
import type { ExitCode } from '../failure.ts';

/** One command of the command line. Its module is loaded only when it is asked for; what it needs, it imports when it runs. */
export interface CommandModule<Options extends object = Record<string, never>> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Adds arguments, options, and an example for `--help`. */
  configure(command: Command): void;
  /**
   * @param args - as many as `configure` declares; variadic ones are not supported
   * @returns the exit code. @default 0
   * @throws Failure for what the person can mend
   */
  run(args: readonly string[], options: Options): Promise<ExitCode | undefined> | Promise<void>;
}

/** The examples at the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
