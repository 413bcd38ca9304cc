import { clusterLayout, network } from '../cluster/layout.ts';
import { type Relay, runningRelays } from '../cluster/relays.ts';
import { exitCodes } from '../failure.ts';
import { resolvePaths } from '../paths.ts';
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

export const command: CommandModule = {
  name: 'status',
  summary: 'show what runs: the cluster, its components, their addresses',
  configure(command) {
    command.addHelpText('after', examples('npm run status'));
  },
  async run() {
    const [{ table }, { Node }, { allPods }, { findTools }] = await Promise.all([
      import('../table.ts'),
      import('../cluster/node.ts'),
      import('../start/pods.ts'),
      import('../toolchain/index.ts'),
    ]);
    const paths = resolvePaths();
    const layout = clusterLayout(paths.state);
    const pid = new Node(layout).pid;
    if (pid === undefined) {
      process.stdout.write('The platform is not running. Start it: npm start\n');
      return exitCodes.unavailable;
    }
    process.stdout.write(`The cluster runs (process ${pid}); its state: ${layout.folder}\n\n`);
    const relays = runningRelays(layout);
    process.stdout.write(`${table(['address of', 'on this machine', 'leads to'], relays.map(addressOf))}\n\n`);
    const tools = await findTools(paths);
    const at = { program: tools.has('kube') ? `${tools.binDir}/kubectl` : 'kubectl', kubeconfig: layout.kubeconfig };
    try {
      const pods = await allPods(at);
      process.stdout.write(`${table(['namespace', 'component', 'ready', 'why not'], componentRows(pods))}\n`);
      return pods.every(({ ready }) => ready) ? undefined : exitCodes.failed;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      process.stderr.write(`keelson: the cluster does not answer: ${reason}. Start it again: npm start\n`);
      return exitCodes.unavailable;
    }
  },
};
