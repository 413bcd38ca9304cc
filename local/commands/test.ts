import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { exitCodes } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { installedProgram, jestTally, single, sum, type Tally, tallyLine } from '../test-run.ts';
import { ensureServers } from '../toolchain/servers.ts';
import { type CommandModule, examples } from './command.ts';

interface TestOptions {
  readonly unit?: boolean;
}

/** Runs the checks one after another, each to its end: one failure does not hide the next. */
async function runChecks(repository: string, unitOnly: boolean, reports: string): Promise<Tally> {
  const run = async (title: string, program: string, args: readonly string[]): Promise<number | undefined> => {
    process.stdout.write(`\n== ${title}\n`);
    // Jest loads ES modules only behind a flag, and Node warns of it in each worker.
    const env = { NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
    const settings = {
      cwd: repository,
      stdio: 'inherit',
      reject: false,
      ...(program === 'jest' ? { env } : {}),
    } as const;
    const result = await execa(installedProgram(repository, program), [...args], settings);
    return result.exitCode;
  };
  const jest = async (title: string, args: readonly string[]): Promise<Tally> => {
    const report = path.join(reports, `${title.replaceAll(' ', '-')}.json`);
    const exitCode = await run(title, 'jest', [...args, '--json', `--outputFile=${report}`]);
    return jestTally(report, exitCode);
  };
  const tallies = [
    single(await run('type check', 'tsc', [])),
    single(await run('lint and format', 'biome', ['check', '--error-on-warnings'])),
    await jest('unit tests', ['--coverage']),
    await jest('tests of whole programs', ['--config', 'jest.process.config.js']),
  ];
  if (!unitOnly) tallies.push(await jest('end-to-end tests', ['--config', 'jest.e2e.config.js']));
  return sum(tallies);
}

export const command: CommandModule<TestOptions> = {
  name: 'test',
  summary: 'check types and style, run the unit tests, and the end-to-end tests on the local cluster',
  configure(command: Command) {
    command
      .option('--unit', 'leave the end-to-end tests out: no root and no cluster needed')
      .addHelpText('after', examples('npm test', 'npm test -- --unit'));
  },
  async run(_args, { unit }) {
    await ensureServers();
    const reports = mkdtempSync(path.join(tmpdir(), 'keelson-test-'));
    try {
      const tally = await runChecks(resolvePaths().repository, unit === true, reports);
      process.stdout.write(`\n${tallyLine(tally)}\n`);
      return tally.failed > 0 ? exitCodes.failed : undefined;
    } finally {
      rmSync(reports, { recursive: true, force: true });
    }
  },
};
