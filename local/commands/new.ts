import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { type CommandModule, examples } from './command.ts';

/** Writes all of a file or none of it. */
function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

export const command: CommandModule = {
  name: 'new',
  summary: 'begin a platform of your own: its data, page and test, registered and working',
  configure(command) {
    command
      .argument('<platform>', 'its name, which becomes the name of its namespace')
      .addHelpText('after', examples('npm run new -- recommender'));
  },
  async run([name = '']) {
    const [{ checkName, edits, newFiles }, { platforms }, { execa }, { installedProgram }] = await Promise.all([
      import('../new/platform-files.ts'),
      import('../../stacks/platforms/index.ts'),
      import('execa'),
      import('../test-run.ts'),
    ]);
    checkName(name, Object.keys(platforms));
    const { repository } = resolvePaths();
    const files = newFiles(name);
    const there = files.find(({ file }) => existsSync(path.join(repository, file)));
    if (there !== undefined) {
      throw new Failure({
        path: there.file,
        value: 'the file is there already',
        cure: 'Use another name, or remove it',
        exitCode: exitCodes.usage,
      });
    }
    // Every change is worked out before the first is written.
    const changed = edits(name).map(({ file, apply }) => {
      try {
        return { file, text: apply(readFileSync(path.join(repository, file), 'utf8')) };
      } catch (error) {
        throw new Failure({
          path: file,
          value: error instanceof Error ? error.message : String(error),
          cure: 'Register the platform there by hand, as docs/platforms/your-own.md tells',
          exitCode: exitCodes.failed,
        });
      }
    });
    for (const { file, text } of [...files, ...changed]) write(path.join(repository, file), text);
    const sources = [...files, ...changed].map(({ file }) => file).filter((file) => file.endsWith('.ts'));
    // As the rest is written, however long the name makes a line.
    await execa(installedProgram(repository, 'biome'), ['format', '--write', '--vcs-enabled=false', ...sources], {
      cwd: repository,
      reject: false,
    });
    // The tables of its page come from its data, as those of all pages do.
    const tables = await execa(installedProgram(repository, 'jest'), ['test/docs/platforms.test.ts', '-t', name], {
      cwd: repository,
      env: { UPDATE_DOCS: '1', NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' },
      reject: false,
      all: true,
    });
    if (tables.exitCode !== 0) {
      process.stderr.write(`${tables.all}\n`);
      throw new Failure({
        path: `docs/platforms/${name}.md`,
        value: 'its tables could not be made; the output is above',
        cure: 'Run UPDATE_DOCS=1 npx jest test/docs/platforms.test.ts',
        exitCode: exitCodes.failed,
      });
    }
    for (const { file } of files) process.stdout.write(`made     ${file}\n`);
    for (const { file } of changed) process.stdout.write(`changed  ${file}\n`);
    process.stdout.write(`\nRun it: npm start -- ${name}\nWhat to change next: docs/platforms/your-own.md\n`);
  },
};
