import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { PulumiCli } from '../deploy/pulumi.ts';
import { conflictingVariables, localStack, prepareEnvironment, secretFile } from '../environment.ts';
import type { ExitCode } from '../failure.ts';
import { exitCodes } from '../failure.ts';
import { type Paths, resolvePaths } from '../paths.ts';
import { createProgress } from '../progress.ts';
import { type Choice, contextOf, pathsFor, readChoice } from '../start/choice.ts';
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

/**
 * Makes the stack exist, so that one which nobody has brought up yet can be previewed: all of it is new then. A local one gets the
 * configuration that the start would give it, but for the images: to build them takes minutes,
 * and a preview needs only their names.
 */
async function makeStack(cli: PulumiCli, paths: Paths, choice: Choice): Promise<void> {
  const [{ pulumi }, { configureStack, stackConfigurationFiles }, { platforms }, { recipes }] = await Promise.all([
    import('../deploy/pulumi.ts'),
    import('../deploy/stack-configuration.ts'),
    import('../../stacks/platforms/index.ts'),
    import('../images/recipes.ts'),
  ]);
  const platform = Object.values(platforms).find(({ name }) => cli.stack === `${name}.local`);
  if (platform === undefined) {
    await pulumi(cli, ['stack', 'select', '--create']);
    return;
  }
  const files = stackConfigurationFiles(paths.repository, paths.state, cli.stack);
  if (existsSync(files.inState)) {
    mkdirSync(path.dirname(files.inCheckout), { recursive: true });
    copyFileSync(files.inState, files.inCheckout);
    return;
  }
  // Left by a state that is gone, and encrypted with its passphrase.
  rmSync(files.inCheckout, { force: true });
  await configureStack(cli, files, {
    images: Object.fromEntries(recipes.map(({ name }) => [name, `keelson.local/${name}:not-built`])),
    kubeContext: contextOf(choice),
    simulatedGpuNodes: 0,
    secrets: platform.secrets,
    givenSecrets: { apiToken: secretFile(paths.apiToken) },
  });
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
    const root = resolvePaths();
    const choice = readChoice(root);
    const paths = pathsFor(root, choice);
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
    await makeStack({ program, stack, folder: paths.repository, env: variables }, paths, choice);
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
