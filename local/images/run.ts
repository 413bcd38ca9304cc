import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';

/** How a program is run. */
export interface RunOptions {
  /** What helps when it fails. */
  readonly cure: string;
  /** What a failure calls it. @default - the program and its first plain argument */
  readonly name?: string;
  readonly cwd?: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a program of the machine; gives its output.
 *
 * @throws Failure that quotes the end of what the program said, when it is missing or fails
 */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cure, name, ...rest } = options;
  const result = await execa(program, args, { ...rest, reject: false, stdin: 'ignore' });
  if (!result.failed) return result.stdout;
  const missing = result.code === 'ENOENT';
  const said = (result.stderr ?? '').trim().split('\n').slice(-3).join(' | ');
  const first =
    args.find((argument) => !argument.startsWith('-') && !argument.includes('/') && !argument.includes('=')) ?? '';
  throw new Failure(
    {
      path: name ?? `${program} ${first}`.trim(),
      value: missing ? 'the program is not there' : said || `exit code ${result.exitCode}`,
      cure: missing ? `Install it, for example with "apt-get install ${program}"` : cure,
      exitCode: missing ? exitCodes.environment : exitCodes.failed,
    },
    { cause: result },
  );
}
