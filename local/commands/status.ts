import { existsSync } from 'node:fs';
import { clusterLayout, network } from '../cluster/layout.ts';
import { type Relay, runningRelays } from '../cluster/relays.ts';
import { lastStack } from '../environment.ts';
import { exitCodes } from '../failure.ts';
import { type Paths, resolvePaths } from '../paths.ts';
import { type OwnChoice, pathsFor, readChoice, titleOf } from '../start/choice.ts';
import type { PodState } from '../start/pods.ts';
import { type CommandModule, examples } from './command.ts';

/** A line of the table of addresses. */
function addressOf({ name, port, target, targetPort }: Relay): readonly string[] {
  const scheme = targetPort === network.apiPort ? 'https' : 'http';
  return [name, `${scheme}://127.0.0.1:${port}`, target];
}

/** Pods by namespace and component: how many are ready, and why the others are not. */
export function componentRows(pods: readonly PodState[]): readonly (readonly string[])[] {
  const groups = Map.groupBy(pods, ({ namespace, name }) => `${namespace} ${componentOf(name)}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, members]) => {
      const ready = members.filter((pod) => pod.ready).length;
      const reasons = new Set(members.filter((pod) => !pod.ready).map(({ reason }) => reason));
      const [namespace = '', component = ''] = key.split(' ');
      return [namespace, component, `${ready}/${members.length}`, [...reasons].join('; ')];
    });
}

/** `redis-0` -> `redis`, `orchestrator-5c9d8f7b6-abcde` -> `orchestrator`: what the controllers append is cut off. */
export function componentOf(pod: string): string {
  return pod.replace(/-[a-f0-9]{8,10}-[a-z0-9]{5}$|-[a-z0-9]{5}$|-\d+$|-keelson$/, '');
}

/** What is shown of a platform that runs. */
interface Facts {
  readonly headline: string;
  readonly relays: readonly Relay[];
  pods(): Promise<readonly PodState[]>;
}

/** The toolchain's kubectl where it is built, else the one on PATH. */
async function kubectlProgram(paths: Paths): Promise<string> {
  const { findTools } = await import('../toolchain/index.ts');
  const tools = await findTools(paths);
  return tools.has('kube') ? `${tools.binDir}/kubectl` : 'kubectl';
}

/** The embedded cluster; undefined while it does not run. */
async function embeddedFacts(paths: Paths): Promise<Facts | undefined> {
  const [{ Node }, { allPods }] = await Promise.all([import('../cluster/node.ts'), import('../start/pods.ts')]);
  const layout = clusterLayout(paths.state);
  const pid = new Node(layout).pid;
  if (pid === undefined) return undefined;
  return {
    headline: `The cluster runs (process ${pid}); its state: ${layout.folder}`,
    relays: runningRelays(layout),
    pods: async () => allPods({ program: await kubectlProgram(paths), kubeconfig: layout.kubeconfig }),
  };
}

/** A cluster of the person's own: only the platform's part of it; undefined when the platform was removed. */
async function ownFacts(choice: OwnChoice, paths: Paths): Promise<Facts | undefined> {
  if (!existsSync(pathsFor(paths, choice).state)) return undefined;
  const [{ allPods }, { runningForwards }, { platforms }] = await Promise.all([
    import('../start/pods.ts'),
    import('../start/forward-record.ts'),
    import('../../stacks/platforms/index.ts'),
  ]);
  const { kubeconfig, context } = choice;
  const platform = Object.values(platforms).find(({ name }) => lastStack(paths) === `${name}.local`);
  const namespaces = platform?.namespaces.map(({ name }) => name);
  return {
    headline: `The platform is on ${titleOf(choice)}`,
    relays: runningForwards(pathsFor(paths, choice).state),
    pods: async () => allPods({ program: await kubectlProgram(paths), kubeconfig, context }, namespaces),
  };
}

export const command: CommandModule = {
  name: 'status',
  summary: 'show what runs: the cluster, its components, their addresses',
  configure(command) {
    command.addHelpText('after', examples('npm run status'));
  },
  async run() {
    const paths = resolvePaths();
    const choice = readChoice(paths);
    const facts = choice.kind === 'embedded' ? await embeddedFacts(paths) : await ownFacts(choice, paths);
    if (facts === undefined) {
      process.stdout.write('The platform is not running. Start it: npm start\n');
      return exitCodes.unavailable;
    }
    const { table } = await import('../table.ts');
    process.stdout.write(`${facts.headline}\n\n`);
    const addresses =
      facts.relays.length === 0
        ? 'No port of this machine leads to it: npm start opens them'
        : table(['address of', 'on this machine', 'leads to'], facts.relays.map(addressOf));
    process.stdout.write(`${addresses}\n\n`);
    try {
      const pods = await facts.pods();
      process.stdout.write(`${table(['namespace', 'component', 'ready', 'why not'], componentRows(pods))}\n`);
      return pods.every(({ ready }) => ready) ? undefined : exitCodes.failed;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`keelson: the cluster does not answer: ${reason}. Start it again: npm start\n`);
      return exitCodes.unavailable;
    }
  },
};
