import { conflictingVariables, prepareEnvironment } from '../environment.ts';
import { resolvePaths } from '../paths.ts';
import { createProgress } from '../progress.ts';
import { chosenPaths } from '../start/choice.ts';
import { ensureTools, findTools, pulumiTools } from '../toolchain/index.ts';
import { type CommandModule, examples } from './command.ts';

/** Quotes a word for POSIX shells. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Lines for `eval`. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [`unset ${conflictingVariables.join(' ')}`, ...lines].join('\n');
}

export const command: CommandModule = {
  name: 'env',
  summary: "print the variables with which pulumi and kubectl work on the local platform, for the shell's eval",
  configure(command) {
    command.addHelpText(
      'after',
      examples(
        'eval "$(npm run --silent env)" && pulumi preview',
        'eval "$(npm run --silent env)" && kubectl get pods --all-namespaces',
      ),
    );
  },
  async run() {
    const paths = chosenPaths(resolvePaths());
    const progress = createProgress(process.stderr);
    try {
      // kubectl comes with the cluster's programs: it is there after the first start, and not worth minutes here.
      await ensureTools(pulumiTools, { progress, paths });
    } finally {
      progress.stop();
    }
    const tools = await findTools(paths);
    process.stdout.write(`${exportLines(prepareEnvironment(paths, tools.toolPaths))}\n`);
  },
};
