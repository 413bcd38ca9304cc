import { mkdirSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { CheckSpec, Platform } from '../../stacks/platforms/platform.ts';
import { localStack } from '../environment.ts';
import { exitCodes, Failure } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
import { createProgress, duration } from '../progress.ts';
import type { ClusterOptions } from '../start/choose.ts';
import { type CommandModule, examples } from './command.ts';

interface Options extends ClusterOptions {
  readonly stack?: string;
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
  const [, name, port] = /^([a-z0-9-]+)=(\d+)$/.exec(text) ?? [];
  if (name === undefined || Number(port) < 1 || Number(port) > 65535) {
    throw new InvalidArgumentError('Use <name>=<port>, for example orchestrator=18000.');
  }
  return { ...before, [name]: Number(port) };
}

/** Whether `ingest` and `ask` have something to talk to. */
function keepsDocuments({ namespaces }: Platform): boolean {
  const all = namespaces.flatMap(({ components }) => components);
  return all.some(
    (each) => each.kind === 'orchestrator' && each.name === 'orchestrator' && each.features.includes('rag'),
  );
}

function checkLine({ what, component, method = 'GET', path }: CheckSpec): string {
  return `${what} (${method} ${path} of ${component})`;
}

export const command: CommandModule<Options> = {
  name: 'start',
  summary: 'bring the platform up on this machine; again, it only does what is missing',
  configure(command) {
    command
      .argument('[platform]', 'platform to run (multi-agent-rag); others on the embedded cluster rest meanwhile')
      .option('--stack <stack>', 'the same as <platform>.local')
      .option('--fresh', 'forget the data of earlier runs first', false)
      .option('--gpu-nodes <n>', 'simulated GPU nodes', count, 0)
      .option('--port <name=port>', 'port on 127.0.0.1 for one of the addresses; can be repeated', addPort, {})
      .option('--embedded', 'run on the embedded Kubernetes: what a start does that was never told otherwise')
      .option('--kubeconfig <file>', 'run on a cluster that exists; remembered, as the options below are')
      .option('--context <name>', 'its context in that file; without this, the current one')
      .option('--load-images <command>', 'shell command that loads an archive of images, given on its standard input')
      .option('--registry <prefix>', 'registry that has the images, so that none is built or loaded')
      .option('--kind [name]', 'run on a cluster of kind, which is made if there is none of that name (keelson)')
      .addHelpText(
        'after',
        examples(
          'npm start',
          'npm start -- three-version',
          'npm start -- --port orchestrator=18000',
          'npm start -- --gpu-nodes 4',
          'npm start -- --fresh',
          "npm start -- --kubeconfig ~/.kube/config --context k3s --load-images 'k3s ctr images import -'",
          'npm start -- --kind',
        ),
      );
  },
  async run([named = ''], { stack: asked, fresh, gpuNodes, port, ...cluster }) {
    const since = Date.now();
    const { platformOf, stackOf } = await import('../start/platform.ts');
    const stack = stackOf(named || undefined, asked, localStack);
    const platform = platformOf(stack);
    const paths = resolvePaths();
    const progress = createProgress();
    const [{ preflight, spaceNeeded }, { choose }, { readChoice }] = await Promise.all([
      import('../preflight.ts'),
      import('../start/choose.ts'),
      import('../start/choice.ts'),
    ]);
    const choice = choose(cluster, readChoice(paths), paths);
    if (gpuNodes > 0 && choice.kind !== 'embedded') {
      throw new Failure({
        path: '--gpu-nodes',
        value: 'nodes are simulated on the embedded cluster only',
        cure: 'Leave it out, or add --embedded',
        exitCode: exitCodes.usage,
      });
    }
    const makes = choice.kind === 'embedded' ? 'cluster' : choice.registry === undefined ? 'images' : 'tools';
    await preflight(paths, { gibibytes: spaceNeeded(paths, makes), makes });
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
        () => start({ stack, cluster: choice, fresh, gpuNodes, ports: port }, paths, progress),
        { onWait },
      );
      progress.stop();
      const addresses = table(
        ['', 'address', 'what'],
        started.entries.map(({ name, address, what }) => [name, address, what]),
      );
      const replaced = started.replaced.map(
        ({ component, by }) => `replaced: ${component} ${by === undefined ? 'is left out' : `by ${by}`}`,
      );
      const failed = started.checks.filter(({ problem }) => problem !== undefined);
      const tests = `smoke test: ${started.checks.length - failed.length} of ${started.checks.length} passed`;
      const hints = [
        ...(keepsDocuments(platform)
          ? [
              ['npm run ingest -- <folder>', 'give it documents (.md, .txt)'],
              ['npm run ask -- "How do I …?"', 'ask about them'],
            ]
          : []),
        ['npm run status', 'see what runs'],
        ['npm stop', 'stop it; the data stays'],
      ].map(([command = '', what]) => `  ${command.padEnd(30)} ${what}`);
      process.stdout.write(
        `\n${addresses}\n\n${[...replaced, ''].join('\n')}${replaced.length > 0 ? '\n' : ''}` +
          `${stack}: ${started.pods} pods ready, ${started.changes} to change, after ${duration(Date.now() - since)}; ${tests}\n` +
          `${failed.map(({ check, problem }) => `✗ ${checkLine(check)}: ${problem}\n`).join('')}\n${hints.join('\n')}\n`,
      );
      return failed.length > 0 ? exitCodes.failed : undefined;
    } finally {
      progress.stop();
    }
  },
};
