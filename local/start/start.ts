import { existsSync } from 'node:fs';
import { environments, type Replacement } from '../../stacks/environments.ts';
import type { Platform } from '../../stacks/platforms/platform.ts';
import { replacementsOf } from '../../stacks/replacements.ts';
import { apiRelay } from '../cluster/cluster.ts';
import { clusterLayout } from '../cluster/layout.ts';
import type { Relay } from '../cluster/relays.ts';
import { numberOfChanges, type PulumiCli, preview, pulumi } from '../deploy/pulumi.ts';
import { repairStack } from '../deploy/repair.ts';
import { configureStack, stackConfigurationFiles } from '../deploy/stack-configuration.ts';
import { rememberStack, secretFile } from '../environment.ts';
import { exitCodes, Failure } from '../failure.ts';
import type { Paths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { type Choice, pathsFor, readChoice, titleOf, writeChoice } from './choice.ts';
import { cliFor } from './cli.ts';
import { openTarget } from './open.ts';
import { entriesOf, platformOf } from './platform.ts';
import { untilPodsAreReady } from './pods.ts';
import { rest } from './resting.ts';
import { type CheckResult, smokeTest } from './smoke.ts';
import type { ClusterTarget } from './target.ts';

export interface StartOptions {
  /** A stack `<platform>.local`. */
  readonly stack: string;
  /** Where it runs. */
  readonly cluster: Choice;
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
  /** What the platform has here in another form. */
  readonly replaced: readonly Replacement[];
  /** What was asked of the platform, and how that ended. */
  readonly checks: readonly CheckResult[];
}

/**
 * The ports of the host's loopback that lead to the cluster and into the platform: the chosen ones, else those of the last start, else the ports that
 * the guides name.
 *
 * @param ofCluster - ports that lead to the cluster itself. @default - the embedded cluster's API server
 * @throws Failure for a choice that names nothing
 */
export function relaysOf(
  platform: Platform,
  last: readonly Relay[],
  chosen: StartOptions['ports'],
  ofCluster: readonly Relay[] = [apiRelay()],
): readonly Relay[] {
  const wanted: Relay[] = [
    ...ofCluster,
    ...entriesOf(platform).map(({ component, port, namespace }) => ({
      name: component,
      port,
      target: `${component}.${namespace}`,
      targetPort: port,
    })),
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
  const target = openTarget(options.cluster, paths, progress, options);
  // A wrong choice of ports is told before anything is made; the last ones may be known only later.
  relaysOf(platform, target.lastRelays(), options.ports, target.relays);
  const parts = await target.prepare();
  const relays = relaysOf(platform, target.lastRelays(), options.ports, target.relays);
  await leaveLast(target, paths, progress, options.stack);
  // Remembered before anything runs there, so that a stop finds what a start that fails leaves; a fresh cluster is another one.
  writeChoice(paths, target.choice);
  if (options.fresh) await step(progress, 'remove the data of earlier runs', 5, () => target.remove());
  await step(progress, 'Kubernetes', 20, (update) => target.start(relays, update));
  writeChoice(paths, target.choice);
  rememberStack(paths, options.stack);
  if (target.isOurs) {
    await step(progress, 'other platforms rest', 5, async () => {
      const resting = await rest(target.kubectl, platform.name);
      if (resting.length > 0) progress.note(`  ${resting.join(', ')}: at rest; the data stays`);
    });
  }
  const images = await parts.platformImages;
  await step(progress, 'images into the cluster', 15, () => target.importImages(Object.values(images)));

  const cli = cliFor(options.stack, target.paths, await parts.tools);
  const changes = await deploy(cli, { platform, options, target, progress, images });
  const ours = target.isOurs ? undefined : platform.namespaces.map(({ name }) => name);
  const pods = await step(progress, 'all pods ready', 30, (update) =>
    untilPodsAreReady(target.kubectl, 240, (open) => update(open.map(({ name }) => name).join(', ')), ours),
  );
  await target.pruneImages(Object.values(images));
  await target.relay(relays);
  const cluster = {
    name: 'kubernetes',
    address: target.address(relays),
    what: 'API server; eval "$(npm run --silent env)" sets KUBECONFIG',
  };
  const entries = entriesOf(platform).flatMap(({ component, what }) => {
    const relay = relays.find(({ name }) => name === component);
    return relay === undefined ? [] : [{ name: component, address: `http://127.0.0.1:${relay.port}`, what }];
  });
  const checks = await step(progress, 'smoke test', 5, (update) =>
    smokeTest(platform, relays, secretFile(target.paths.apiToken).trim(), ({ what }) => update(what)),
  );
  const replaced = replacementsOf(platform, environments.local);
  return { entries: [cluster, ...entries], pods, changes, replaced, checks };
}

/** Stops what the last start made run on another cluster: nothing would lead to it any more. Its data stays. */
async function leaveLast(target: ClusterTarget, paths: Paths, progress: Progress, stack: string): Promise<void> {
  const last = readChoice(paths);
  if (pathsFor(paths, last).state === target.paths.state) return;
  if (last.kind === 'embedded' && !existsSync(clusterLayout(paths.state).folder)) return;
  await step(progress, `stop what runs on ${titleOf(last)}; its data stays`, 12, () =>
    openTarget(last, paths, progress, { stack }).stop(),
  );
}

interface Deployment {
  readonly platform: Platform;
  readonly options: StartOptions;
  readonly target: ClusterTarget;
  readonly progress: Progress;
  readonly images: Readonly<Record<string, { readonly reference: string }>>;
}

/** Previews with the policy pack, and applies what differs. */
async function deploy(cli: PulumiCli, { platform, options, target, progress, images }: Deployment): Promise<number> {
  const { paths, choice } = target;
  await step(progress, `configuration of ${cli.stack}`, 5, async () => {
    const files = stackConfigurationFiles(paths.repository, paths.state, cli.stack);
    const existed = existsSync(files.inState);
    await configureStack(cli, files, {
      images: Object.fromEntries(Object.entries(images).map(([name, { reference }]) => [name, reference])),
      kubeContext: target.kubeContext,
      ...(choice.kind !== 'embedded' && choice.registry !== undefined && { registry: choice.registry }),
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
