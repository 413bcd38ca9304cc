import { existsSync } from 'node:fs';
import path from 'node:path';
import { platforms } from '../../stacks/platforms/index.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';
import { apiRelay, Cluster } from '../cluster/cluster.ts';
import { simulateGpuNodes } from '../cluster/gpu-nodes.ts';
import { clusterLayout, nodeName } from '../cluster/layout.ts';
import { lastRelays, type Relay } from '../cluster/relays.ts';
import { numberOfChanges, type PulumiCli, preview, pulumi } from '../deploy/pulumi.ts';
import { repairStack } from '../deploy/repair.ts';
import { configureStack, stackConfigurationFiles } from '../deploy/stack-configuration.ts';
import { conflictingVariables, prepareEnvironment, secretFile } from '../environment.ts';
import { exitCodes, Failure } from '../failure.ts';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { ensureTools } from '../toolchain/index.ts';
import { makeParts } from './parts.ts';
import { untilPodsAreReady } from './pods.ts';
import { removeEverything } from './remove.ts';

export interface StartOptions {
  /** A stack `<platform>.local`. */
  readonly stack: string;
  /** Forget the data of earlier runs. */
  readonly fresh: boolean;
  /** Simulated GPU nodes. */
  readonly gpuNodes: number;
  /** Port on the host's loopback by the name of a relay. */
  readonly ports: Readonly<Record<string, number>>;
}

/** What runs now, and where. */
export interface Started {
  readonly entries: readonly { readonly name: string; readonly address: string; readonly what: string }[];
  readonly pods: number;
  /** Resources that the update created, changed or deleted. */
  readonly changes: number;
}

/** The platform that a stack's name asks for. */
export function platformOf(stack: string): Platform {
  const [name = '', environment] = stack.split('.');
  const platform = Object.values(platforms).find((each) => each.name === name);
  if (platform !== undefined && environment === 'local') return platform;
  throw new Failure({
    path: '--stack',
    value: `"${stack}" cannot run on this machine`,
    cure: `Use one of ${Object.keys(platforms)
      .map((each) => `${each}.local`)
      .join(', ')}`,
    exitCode: exitCodes.usage,
  });
}

/**
 * The ports of the host's loopback that lead into the platform: the chosen ones, else those of the last start, else the ports that
 * the guides name.
 *
 * @throws Failure for a choice that names nothing
 */
export function relaysOf(platform: Platform, last: readonly Relay[], chosen: StartOptions['ports']): readonly Relay[] {
  const wanted: Relay[] = [
    apiRelay(),
    ...platform.entries.flatMap(({ component, port }) => {
      const home = platform.namespaces.find(({ components }) => components.some(({ name }) => name === component));
      return home === undefined
        ? []
        : [{ name: component, port, target: `${component}.${home.name}`, targetPort: port }];
    }),
  ];
  const unknown = Object.keys(chosen).find((name) => !wanted.some((relay) => relay.name === name));
  if (unknown !== undefined) {
    throw new Failure({
      path: `--port ${unknown}`,
      value: 'nothing of this name has a port',
      cure: `Use one of ${wanted.map(({ name }) => name).join(', ')}`,
      exitCode: exitCodes.usage,
    });
  }
  return wanted.map((relay) => ({
    ...relay,
    port: chosen[relay.name] ?? last.find(({ name }) => name === relay.name)?.port ?? relay.port,
  }));
}

/** Runs one step with its line of progress. */
async function step<T>(
  progress: Progress,
  label: string,
  seconds: number,
  run: (update: (detail: string) => void) => Promise<T>,
): Promise<T> {
  const task = progress.task(label, seconds);
  try {
    const result = await run((detail) => task.update(detail));
    task.done();
    return result;
  } catch (error) {
    task.fail();
    throw error;
  }
}

/** Brings the platform up, from whatever is there: nothing, a stopped cluster, or one that runs already. */
export async function start(options: StartOptions, paths: Paths, progress: Progress): Promise<Started> {
  const platform = platformOf(options.stack);
  const layout = clusterLayout(paths.state);
  const relays = relaysOf(platform, lastRelays(layout), options.ports);
  const parts = makeParts(paths, progress);

  const kube = await parts.kube;
  const cluster = new Cluster(layout, path.join(path.dirname(kube), 'kubectl'));
  if (options.fresh) {
    await step(progress, 'remove the data of earlier runs', 5, () => removeEverything(cluster, paths));
  }
  const images = await parts.clusterImages;
  const rootfs = await parts.rootfs;
  await step(progress, 'Kubernetes', 20, async (update) => {
    update('control plane');
    await cluster.start({ rootfs, kube }, Object.values(images), relays[0]?.port);
    await cluster.relay(relays);
    await cluster.untilReady();
    update('DNS, storage, metrics');
    await cluster.addons({
      base: referenceOf(images, 'base'),
      localPathProvisioner: referenceOf(images, 'local-path-provisioner'),
    });
    const nodePid = cluster.node.pid;
    if (nodePid === undefined) throw new Error(`the node ended; its log: ${layout.log}`);
    await simulateGpuNodes(
      options.gpuNodes,
      { layout, nodePid, kubectl: cluster.kubectl },
      {
        kwok: async () => (await ensureTools(['kwok'], { progress, paths })).path('kwok'),
        kubeModule: path.join(import.meta.dirname, '..', 'toolchain', 'kwok'),
      },
    );
  });
  const platformImages = await parts.platformImages;
  await step(progress, 'images into the cluster', 15, () => cluster.importImages(Object.values(platformImages)));

  const tools = await parts.tools;
  const cli: PulumiCli = {
    program: tools.path('pulumi'),
    stack: options.stack,
    folder: paths.repository,
    env: {
      ...prepareEnvironment(paths, tools.toolPaths),
      ...Object.fromEntries(conflictingVariables.map((name) => [name, undefined])),
      NODE_COMPILE_CACHE: path.join(paths.cache, 'node-compile-cache'),
    },
  };
  const changes = await deploy(cli, { platform, options, paths, progress, images: platformImages });
  const pods = await step(progress, 'all pods ready', 30, (update) =>
    untilPodsAreReady(cluster.kubectl, 240, (open) => update(open.map(({ name }) => name).join(', '))),
  );
  const entries = relays.map(({ name, port }) => ({
    name,
    address: name === 'kubernetes' ? `https://127.0.0.1:${port}` : `http://127.0.0.1:${port}`,
    what:
      platform.entries.find(({ component }) => component === name)?.what ??
      'API server; eval "$(npm run --silent env)" sets KUBECONFIG',
  }));
  return { entries, pods, changes };
}

function referenceOf(images: Readonly<Record<string, { readonly reference: string }>>, name: string): string {
  const image = images[name];
  if (image === undefined) throw new Error(`image ${name} was not built`);
  return image.reference;
}

interface Deployment {
  readonly platform: Platform;
  readonly options: StartOptions;
  readonly paths: Paths;
  readonly progress: Progress;
  readonly images: Readonly<Record<string, { readonly reference: string }>>;
}

/** Previews with the policy pack, and applies what differs. */
async function deploy(cli: PulumiCli, { platform, options, paths, progress, images }: Deployment): Promise<number> {
  await step(progress, `configuration of ${cli.stack}`, 5, async () => {
    const files = stackConfigurationFiles(paths.repository, paths.state, cli.stack);
    const existed = existsSync(files.inState);
    await configureStack(cli, files, {
      images: Object.fromEntries(Object.entries(images).map(([name, { reference }]) => [name, reference])),
      kubeContext: nodeName,
      simulatedGpuNodes: options.gpuNodes,
      secrets: platform.secrets,
      givenSecrets: { apiToken: secretFile(paths.apiToken) },
    });
    if (existed) await repairStack(cli, paths, (text) => progress.note(text));
  });
  const changes = await step(progress, 'preview with the policy pack', 8, () => preview(cli));
  const count = numberOfChanges(changes);
  progress.note(
    `  ${
      Object.entries(changes)
        .map(([kind, number]) => `${number} to ${kind}`)
        .join(', ') || '0 to change'
    }`,
  );
  if (count === 0) return 0;
  await step(progress, 'update', 60, (update) =>
    pulumi(cli, ['up', '--yes', '--skip-preview', '--policy-pack', 'policies'], {
      onLine: (line) => {
        const resource = /^ *[+~-] +\S+ +(\S+) (creat|updat|delet)/.exec(line)?.[1];
        if (resource !== undefined) update(resource);
      },
    }),
  );
  return count;
}
