import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { ensureServers } from '../toolchain/servers.ts';
import { type CommandModule, examples } from './command.ts';

const file = (repository: string, name: string): string => path.join(repository, 'bench', name, 'run.ts');

export const command: CommandModule<{ readonly json: boolean; readonly restart: boolean; readonly soak: boolean }> = {
  name: 'bench',
  summary: 'measure: the figures of the docs come from here',
  configure(command) {
    command
      .argument('<name>', 'what to measure: a folder of bench/')
      .option('--json', 'print JSON', false)
      .option('--restart', 'platform only: measure a warm start too, by stopping and starting it', false)
      .option('--soak', 'orchestrator and inference: watch the memory under load for ten minutes instead', false)
      .addHelpText(
        'after',
        examples(
          'npm run bench -- platform',
          'npm run bench -- platform --restart --json',
          'npm run bench -- orchestrator',
          'npm run bench -- orchestrator --soak',
          'npm run bench -- inference --json',
        ),
      );
  },
  async run([name = ''], { json, restart, soak }) {
    const { repository } = resolvePaths();
    if (!/^[a-z-]+$/.test(name) || !existsSync(file(repository, name))) {
      const known = readdirSync(path.join(repository, 'bench')).filter((each) => existsSync(file(repository, each)));
      throw new Failure({
        path: 'bench',
        value: `there is no "${name}"`,
        cure: `Use one of ${known.join(', ')}`,
        exitCode: exitCodes.usage,
      });
    }
    if (name === 'orchestrator') await ensureServers();
    const flags = [...(json ? ['--json'] : []), ...(restart ? ['--restart'] : []), ...(soak ? ['--soak'] : [])];
    const result = await execa(process.execPath, [file(repository, name), ...flags], {
      cwd: repository,
      stdio: 'inherit',
      reject: false,
    });
    return result.exitCode === 0 ? undefined : exitCodes.failed;
  },
};
