import { existsSync } from 'node:fs';
import { lastStack } from '../environment.ts';
import { resolvePaths } from '../paths.ts';
import { createProgress } from '../progress.ts';
import { type CommandModule, examples } from './command.ts';

export const command: CommandModule<{ readonly fresh: boolean }> = {
  name: 'stop',
  summary: 'end all that runs; the data stays for the next start',
  configure(command) {
    command
      .option('--fresh', 'remove the data too', false)
      .addHelpText('after', examples('npm stop', 'npm stop -- --fresh'));
  },
  async run(_, { fresh }) {
    const paths = resolvePaths();
    const [{ clusterLayout }, { pathsFor, readChoice, titleOf }, { openTarget }, { withLock }] = await Promise.all([
      import('../cluster/layout.ts'),
      import('../start/choice.ts'),
      import('../start/open.ts'),
      import('../toolchain/lock.ts'),
    ]);
    const choice = readChoice(paths);
    const isEmbedded = choice.kind === 'embedded';
    if (!existsSync(isEmbedded ? clusterLayout(paths.state).folder : pathsFor(paths, choice).state)) {
      process.stdout.write('Nothing runs, and there is no data.\n');
      return;
    }
    const progress = createProgress();
    const onWait = (holder: string): void => progress.note(`Waiting: ${holder} is starting or stopping this platform`);
    const task = progress.task(fresh ? 'stop and remove the data' : 'stop', 12);
    try {
      const target = openTarget(choice, paths, progress, { stack: lastStack(paths) });
      await withLock(paths.state, () => (fresh ? target.remove() : target.stop()), { onWait });
      task.done();
    } finally {
      progress.stop();
    }
    if (fresh) process.stdout.write('Stopped; its data is gone.\n');
    else if (isEmbedded) process.stdout.write('Stopped. npm start goes on where it was.\n');
    else {
      process.stdout.write(`Its ports on this machine are closed; the platform still runs on ${titleOf(choice)}.\n`);
      process.stdout.write('npm start opens them again, npm stop -- --fresh removes the platform.\n');
    }
  },
};
