import type { Command } from 'commander';
import { conflictingVariables, localStack, prepareEnvironment } from '../environment.ts';
import type { ExitCode } from '../failure.ts';
import { exitCodes } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { createProgress } from '../progress.ts';
import { ensureTools, pulumiTools } from '../toolchain/index.ts';
import { type CommandModule, examples } from './command.ts';

interface PreviewOptions {
  readonly stack: string;
  readonly diff?: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Variables of the preview. A local stack lives in the backend of this machine. Any other one lives where the team keeps its
 * state: a backend, token or passphrase that is set already is respected.
 */
export function previewVariables(
  stack: string,
  own: Readonly<Record<string, string>>,
  inherited: Variables,
): Variables {
  const { PULUMI_STACK: _, ...variables } = own;
  if (stack.endsWith('.local')) {
    return { ...variables, ...Object.fromEntries(conflictingVariables.map((name) => [name, undefined])) };
  }
  const respected = ['PULUMI_BACKEND_URL', 'PULUMI_CONFIG_PASSPHRASE_FILE', 'KUBECONFIG'].map((name) => [
    name,
    inherited[name],
  ]);
  const hasBackend = (inherited.PULUMI_BACKEND_URL ?? inherited.PULUMI_ACCESS_TOKEN) !== undefined;
  return hasBackend ? { ...variables, ...Object.fromEntries(respected) } : variables;
}

export const command: CommandModule<PreviewOptions> = {
  name: 'preview',
  summary: 'show what an update of a stack would change, checked by the policy pack',
  configure(command: Command) {
    command
      .option('--stack <name>', 'stack, named <platform>.<environment>', localStack)
      .option('--diff', 'show each changed property')
      .addHelpText('after', examples('npm run preview', 'npm run preview -- --stack multi-agent-rag.dev --diff'));
  },
  async run(_args, { stack, diff }): Promise<ExitCode | undefined> {
    const paths = resolvePaths();
    const progress = createProgress(process.stderr);
    let program: string;
    let variables: Variables;
    try {
      const tools = await ensureTools(pulumiTools, { progress, paths });
      program = tools.path('pulumi');
      variables = previewVariables(stack, prepareEnvironment(paths, tools.toolPaths), process.env);
    } finally {
      progress.stop();
    }
    const { execa } = await import('execa');
    const settings = { cwd: paths.repository, env: variables, reject: false, stdin: 'ignore' } as const;
    // A stack that nobody has made yet can be previewed too: all of it is new.
    const selected = await execa(program, ['stack', 'select', '--create', stack, '--non-interactive'], settings);
    if (selected.exitCode !== 0) {
      process.stderr.write(`${selected.stderr}\n`);
      return exitCodes.failed;
    }
    const args = [
      'preview',
      '--stack',
      stack,
      '--policy-pack',
      'policies',
      '--non-interactive',
      ...(diff ? ['--diff'] : []),
    ];
    const result = await execa(program, args, { ...settings, stdout: 'inherit', stderr: 'inherit' });
    return result.exitCode === 0 ? undefined : exitCodes.failed;
  },
};
