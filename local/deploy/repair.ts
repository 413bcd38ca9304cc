import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runs } from '../cluster/process-identity.ts';
import type { Paths } from '../paths.ts';
import { type PulumiCli, pulumi } from './pulumi.ts';

/** The part of a stack's state that tells what an interrupted update was doing; see `pulumi stack export`. */
interface Export {
  readonly version: number;
  readonly deployment: {
    readonly resources?: readonly StateResource[];
    readonly pending_operations?: readonly { readonly type: string; readonly resource: StateResource }[];
  } | null;
}

interface StateResource {
  readonly urn: string;
  readonly inputs?: object;
}

/** The identifier that the provider gives an object: the bridge names each resource `<kind>/[<namespace>/]<name>`. */
export function objectId(urn: string): string {
  const name = urn.slice(urn.lastIndexOf('::') + 2);
  return name.slice(name.indexOf('/') + 1);
}

/**
 * Takes what was being created when an update was killed into the state, as if it had been created. Pulumi's own flag for it,
 * `refresh --import-pending-creates`, drops the operation in 3.190 instead, and the next update fails with "already exists".
 *
 * @returns the new state and the URNs taken over; a refresh of those drops what the cluster did not get
 */
export function adoptPendingCreations(state: Export): { readonly state: Export; readonly adopted: readonly string[] } {
  const { deployment } = state;
  const creating = (deployment?.pending_operations ?? [])
    .filter(({ type }) => type === 'creating')
    .map(({ resource }) => resource);
  const resources = creating.map((resource) => ({
    ...resource,
    custom: true,
    id: objectId(resource.urn),
    outputs: resource.inputs ?? {},
  }));
  return {
    state: {
      ...state,
      deployment: {
        ...deployment,
        resources: [...(deployment?.resources ?? []), ...resources],
        pending_operations: [],
      },
    },
    adopted: creating.map(({ urn }) => urn),
  };
}

/** Process ids in the locks that updates of the stack hold. */
function lockHolders(paths: Paths, stack: string): number[] {
  const folder = path.join(paths.pulumiBackend, '.pulumi', 'locks', 'organization', 'keelson', stack);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => {
    // Written by Pulumi's file backend.
    const { pid } = JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { pid: number };
    return pid;
  });
}

/** Plugins and language hosts of this state's Pulumi whose engine was killed: they wait for it for ever. */
function orphans(paths: Paths): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        const program = path.basename(readlinkSync(`/proc/${pid}/exe`));
        const arguments_ = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        const parent = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        const isPlugin =
          /^pulumi-(language|resource|analyzer)-/.test(program) || arguments_.includes('@pulumi/pulumi/cmd/');
        return isPlugin && parent === '1' && variables.includes(`PULUMI_HOME=${paths.pulumiHome}`);
      } catch {
        // It ended while we looked, or it is another user's.
        return false;
      }
    });
}

/**
 * Makes the stack usable again after an update was killed: waits for an engine that still runs on its own, drops the lock of one
 * that does not, ends its plugins, and settles what was being created just then.
 */
export async function repairStack(cli: PulumiCli, paths: Paths, note: (text: string) => void): Promise<void> {
  let holders = lockHolders(paths, cli.stack);
  if (holders.some(runs)) note(`Waiting for the update that process ${holders.find(runs)} still carries out`);
  while (holders.some(runs)) {
    await delay(250);
    holders = lockHolders(paths, cli.stack);
  }
  if (holders.length > 0) {
    note('The last update was killed: its lock is dropped');
    await pulumi(cli, ['cancel', '--yes']);
  }
  for (const pid of orphans(paths)) process.kill(pid, 'SIGKILL');
  if (!mentionsPending(paths, cli.stack)) return;
  const { state, adopted } = adoptPendingCreations(JSON.parse(await pulumi(cli, ['stack', 'export'])) as Export);
  note(`The last update was killed while it created ${adopted.length} objects: those that exist are taken over`);
  await pulumi(cli, ['stack', 'import'], { input: JSON.stringify(state) });
  if (adopted.length > 0) {
    const targets = adopted.flatMap((urn) => ['--target', urn]);
    await pulumi(cli, ['refresh', '--yes', '--skip-preview', ...targets]);
  }
}

/** Whether the stack's record speaks of operations that did not end: a look at the file spares an export at each start. */
function mentionsPending(paths: Paths, stack: string): boolean {
  const file = path.join(paths.pulumiBackend, '.pulumi', 'stacks', 'keelson', `${stack}.json`);
  if (!existsSync(file)) return false;
  // Written by Pulumi's file backend.
  const { checkpoint } = JSON.parse(readFileSync(file, 'utf8')) as {
    checkpoint?: { latest?: { pending_operations?: readonly object[] } };
  };
  return (checkpoint?.latest?.pending_operations ?? []).length > 0;
}
