import { execa } from 'execa';

/** Runs the Pulumi CLI on one stack of this checkout. */
export interface PulumiCli {
  readonly program: string;
  readonly stack: string;
  /** The checkout: Pulumi.yaml lies here. */
  readonly folder: string;
  /** As `npm run env` prints them. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Pulumi ended with an error; its message is Pulumi's own output. */
export class PulumiError extends Error {
  readonly output: string;

  constructor(command: string, output: string) {
    super(`pulumi ${command} failed:\n${output.trim()}`);
    this.name = 'PulumiError';
    this.output = output;
  }
}

const quiet = ['--non-interactive', '--color', 'never'] as const;

export interface PulumiRun {
  /** Standard input. @default - none */
  readonly input?: string;
  /** Receives each line of the standard output. @default - nothing */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a command of the CLI and gives its standard output.
 *
 * @throws PulumiError with all that it printed
 */
export async function pulumi(cli: PulumiCli, args: readonly string[], run: PulumiRun = {}): Promise<string> {
  const child = execa(cli.program, [...args, '--stack', cli.stack, ...quiet], {
    cwd: cli.folder,
    env: cli.env,
    reject: false,
    all: true,
    // Without input the CLI must not wait for a person.
    input: run.input ?? '',
  });
  if (run.onLine !== undefined) for await (const line of child.iterable()) run.onLine(line);
  const result = await child;
  if (result.exitCode !== 0) throw new PulumiError(args.slice(0, 2).join(' '), result.all);
  return result.stdout;
}

/** How many resources an update would touch, by kind of change; `same` left out. */
export type Changes = Readonly<Record<string, number>>;

/**
 * The part of a preview's output that says why it failed: the policies that are violated and what the program reported. All of
 * it where neither is to be found.
 */
export function reasonsIn(output: string): string {
  const sections = output.split(/^(?=\S[^\n]*:[ \t]*$)/m);
  const reasons = sections.filter((section) => /^(?:Policies|Policy Violations|Diagnostics):/.test(section));
  return (reasons.length > 0 ? reasons : sections).map((section) => section.trim()).join('\n\n');
}

/**
 * Previews the stack with the policy pack.
 *
 * @throws PulumiError when the program fails or a mandatory policy is violated
 */
export async function preview(cli: PulumiCli): Promise<Changes> {
  const args = ['preview', '--policy-pack', 'policies'];
  let output: string;
  try {
    output = await pulumi(cli, [...args, '--json']);
  } catch (error) {
    if (!(error instanceof PulumiError)) throw error;
    // The JSON names no violated policy. In the other format Pulumi tells them as a person wants to read them.
    await pulumi(cli, [...args, '--suppress-progress', '--suppress-outputs']).catch((again: unknown) => {
      throw again instanceof PulumiError ? new PulumiError(args[0] ?? '', reasonsIn(again.output)) : again;
    });
    // It went well this time: a passing trouble, and the JSON tells the changes once more.
    output = await pulumi(cli, [...args, '--json']);
  }
  // Documented output of `pulumi preview --json`.
  const { changeSummary = {} } = JSON.parse(output) as { changeSummary?: Record<string, number> };
  return Object.fromEntries(Object.entries(changeSummary).filter(([kind]) => kind !== 'same'));
}

export function numberOfChanges(changes: Changes): number {
  return Object.values(changes).reduce((sum, count) => sum + count, 0);
}
