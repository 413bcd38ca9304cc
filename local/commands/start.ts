import { mkdirSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { localStack } from '../environment.ts';
import { resolvePaths } from '../paths.ts';
import { createProgress, duration } from '../progress.ts';
import { type CommandModule, examples } from './command.ts';

interface Options {
  readonly stack: string;
  readonly fresh: boolean;
  readonly gpuNodes: number;
  readonly port: Readonly<Record<string, number>>;
}

function count(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new InvalidArgumentError('Use a whole number from 0 to 999.');
  return Number(text);
}

/** `name=port`, collected over several uses of the option. */
export function addPort(text: string, before: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [, name, port] = /^([a-z-]+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined || Number(port) < 1 || Number(port) > 65535) {
    throw new InvalidArgumentError('Use <name>=<port>, for example orchestrator=18000.');
  }
  return { ...before, [name]: Number(port) };
}

export const command: CommandModule<Options> = {
  name: 'start',
  summary: 'bring the platform up on an embedded Kubernetes; again, it only does what is missing',
  configure(command) {
    command
      .option('--stack <stack>', 'platform to run, as <platform>.local', localStack)
      .option('--fresh', 'forget the data of earlier runs first', false)
      .option('--gpu-nodes <n>', 'simulated GPU nodes', count, 0)
      .option('--port <name=port>', 'port on 127.0.0.1 for one of the addresses; can be repeated', addPort, {})
      .addHelpText(
        'after',
        examples(
          'npm start',
          'npm start -- --port orchestrator=18000',
          'npm start -- --gpu-nodes 4',
          'npm start -- --fresh',
        ),
      );
  },
  async run(_, { stack, fresh, gpuNodes, port }) {
    const since = Date.now();
    const paths = resolvePaths();
    const progress = createProgress();
    const { preflight } = await import('../preflight.ts');
    await preflight(paths);
    const [{ start }, { withLock }, { table }] = await Promise.all([
      import('../start/start.ts'),
      import('../toolchain/lock.ts'),
      import('../table.ts'),
    ]);
    mkdirSync(paths.state, { recursive: true, mode: 0o700 });
    try {
      const onWait = (holder: string): void =>
        progress.note(`Waiting: ${holder} is starting or stopping this platform`);
      const started = await withLock(
        paths.state,
        () => start({ stack, fresh, gpuNodes, ports: port }, paths, progress),
        { onWait },
      );
      progress.stop();
      const addresses = table(
        ['', 'address', 'what'],
        started.entries.map(({ name, address, what }) => [name, address, what]),
      );
      const [files, ask] = ['npm run ingest -- <folder>', 'npm run ask -- "How do I …?"'];
      process.stdout.write(
        `\n${addresses}\n\n` +
          `${stack}: ${started.pods} pods ready, ${started.changes} to change, after ${duration(Date.now() - since)}\n\n` +
          `  ${files.padEnd(30)} give it documents (.md, .txt)\n  ${ask.padEnd(30)} ask about them\n` +
          `  ${'npm run status'.padEnd(30)} see what runs\n  ${'npm stop'.padEnd(30)} stop it; the data stays\n`,
      );
    } finally {
      progress.stop();
    }
  },
};
