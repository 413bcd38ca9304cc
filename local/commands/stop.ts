import { existsSync } from 'node:fs';
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
    const [{ Cluster }, { clusterLayout }, { removeEverything }, { withLock }] = await Promise.all([
      import('../cluster/cluster.ts'),
      import('../cluster/layout.ts'),
      import('../start/remove.ts'),
      import('../toolchain/lock.ts'),
    ]);
    const layout = clusterLayout(paths.state);
    if (!existsSync(layout.folder)) {
      process.stdout.write('Nothing runs, and there is no data.\n');
      return;
    }
    const progress = createProgress();
    const onWait = (holder: string): void => progress.note(`Waiting: ${holder} is starting or stopping this platform`);
    const task = progress.task(fresh ? 'stop and remove the data' : 'stop', 12);
    try {
      const cluster = new Cluster(layout, 'kubectl');
      await withLock(paths.state, () => (fresh ? removeEverything(cluster, paths) : cluster.stop()), { onWait });
      task.done();
    } finally {
      progress.stop();
    }
    process.stdout.write(fresh ? 'Stopped; its data is gone.\n' : 'Stopped. npm start goes on where it was.\n');
  },
};
