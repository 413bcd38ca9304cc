import { createHash } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { ToolPaths } from '../environment.ts';
import { type Paths, resolvePaths } from '../paths.ts';
import type { Progress } from '../progress.ts';
import { buildTool, downloadModules, Store } from './build.ts';
import { type ToolName, toolNames, toolOf } from './catalogue.ts';
import { goVersion } from './go.ts';
import { findInstalled } from './installed.ts';
import { withLock } from './lock.ts';

export type { ToolName } from './catalogue.ts';

/** Tools of Pulumi: what `pulumi up` needs besides a cluster. */
export const pulumiTools = ['pulumi', 'pulumi-language-nodejs', 'pulumi-resource-kubernetes'] as const;

/** Everything that `npm start` needs. */
export const platformTools = ['kube', 'local-path-provisioner', ...pulumiTools] as const;

/** Tools that are at hand. */
export class Toolchain {
  readonly #programs: ReadonlyMap<ToolName, string>;
  /** One folder with all programs of these pins under all their names. */
  readonly binDir: string;

  constructor(programs: ReadonlyMap<ToolName, string>, binDir: string) {
    this.#programs = programs;
    this.binDir = binDir;
  }

  /**
   * Path of a tool's program.
   *
   * @throws Error for a tool that was not asked for.
   */
  path(name: ToolName): string {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`tool ${name}: not at hand; name it in ensureTools([...])`);
    return program;
  }

  has(name: ToolName): boolean {
    return this.#programs.has(name);
  }

  /** What `prepareEnvironment` needs. */
  get toolPaths(): ToolPaths {
    const provider = this.#programs.get('pulumi-resource-kubernetes');
    return { binDir: this.binDir, ...(provider === undefined ? {} : { kubernetesProvider: provider }) };
  }

  /** The search path with the tools in front. */
  env(inherited: string = process.env.PATH ?? ''): { readonly PATH: string } {
    return { PATH: [this.binDir, ...inherited.split(':').filter((entry) => entry !== this.binDir)].join(':') };
  }
}

export interface EnsureOptions {
  readonly progress: Progress;
  /** @default - those of this process's environment */
  readonly paths?: Paths;
  /** Called as soon as a tool is at hand, while others are still built. @default - nothing */
  readonly onReady?: (name: ToolName, program: string) => void;
}

/** Points a name at a file, at once: nobody sees the name missing. */
function link(target: string, file: string): void {
  const draft = `${file}.${process.pid}`;
  try {
    if (readlinkSync(file) === target) return;
  } catch {
    // Not there yet.
  }
  symlinkSync(target, draft);
  renameSync(draft, file);
}

/** Gives a file a second name, at once, so that it is no link to where it came from. */
function hardLink(target: string, file: string): void {
  const [wanted, present] = [lstatSync(target), lstatSync(file, { throwIfNoEntry: false })];
  // To rename a file onto itself would do nothing and leave the draft behind.
  if (present?.ino === wanted.ino) return;
  const draft = `${file}.${process.pid}`;
  linkSync(target, draft);
  renameSync(draft, file);
}

/** What a run of the toolchain works with. */
class Workshop {
  readonly store: Store;
  readonly binDir: string;
  readonly #paths: Paths;
  readonly #programs = new Map<ToolName, string>();

  constructor(paths: Paths, goRelease: string) {
    this.#paths = paths;
    this.store = new Store(paths.tools, goRelease);
    const pins = createHash('sha256').update(toolNames.map((name) => this.store.folderOf(name)).join('\n'));
    this.binDir = path.join(paths.tools, 'bin', pins.digest('hex').slice(0, 12));
    mkdirSync(this.binDir, { recursive: true });
  }

  /** Takes a program into use, from now on found under all its names, and gives the path to call it by. */
  use(name: ToolName, program: string): string {
    const tool = toolOf(name);
    const folder = path.dirname(program);
    const file = path.join(this.binDir, tool.program);
    // Pulumi takes the plugins beside its own file for its own, and warns in each run of those that it finds elsewhere on PATH.
    const isOwnFile = name === 'pulumi' && program === this.store.find(name);
    const callable = isOwnFile ? file : program;
    this.#programs.set(name, callable);
    // A provider on PATH would make it warn too; it is linked into Pulumi's home instead.
    if (name === 'pulumi-resource-kubernetes') return callable;
    if (isOwnFile) hardLink(program, file);
    else link(program, file);
    const others = [...(tool.links ?? []), ...(tool.files?.paths ?? []).map((each) => path.basename(each))];
    for (const each of others) link(path.join(folder, each), path.join(this.binDir, each));
    return callable;
  }

  /** An installed program, or one that is built already. */
  async find(name: ToolName): Promise<string | undefined> {
    const built = this.store.find(name);
    const except = [path.join(this.#paths.tools, 'bin')];
    const knownFile = path.join(this.#paths.tools, 'installed.json');
    return (await findInstalled(name, { searchPath: process.env.PATH ?? '', except, knownFile })) ?? built;
  }

  toolchain(): Toolchain {
    return new Toolchain(this.#programs, this.binDir);
  }
}

/** Keeps calls of one process in order, so that none waits for the lock that another one of them holds. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Makes the tools be at hand: installed ones in the pinned version are used, built ones are found again, the rest is built, one
 * after the other in the catalogue's order. Safe to be called by several processes, and to be interrupted at any time.
 *
 * @throws Failure with the cure when there is no Go, or a download or build fails.
 */
export function ensureTools(names: readonly ToolName[], options: EnsureOptions): Promise<Toolchain> {
  const run = turn.then(() => ensure(names, options));
  turn = run.catch(() => undefined);
  return run;
}

async function ensure(
  names: readonly ToolName[],
  { progress, paths = resolvePaths(), onReady }: EnsureOptions,
): Promise<Toolchain> {
  mkdirSync(paths.tools, { recursive: true });
  const workshop = new Workshop(paths, await goVersion());
  const use = (name: ToolName, program: string): void => {
    const callable = workshop.use(name, program);
    onReady?.(name, callable);
  };
  const takeWhatIsThere = async (wanted: readonly ToolName[]): Promise<readonly ToolName[]> => {
    const missing: ToolName[] = [];
    for (const name of wanted) {
      const program = await workshop.find(name);
      if (program === undefined) missing.push(name);
      else use(name, program);
    }
    return missing;
  };
  const missing = await takeWhatIsThere(toolNames.filter((name) => names.includes(name)));
  if (missing.length === 0) return workshop.toolchain();
  const onWait = (holder: string): void => progress.note(`Waiting: ${holder} is building the tools`);
  await withLock(
    paths.tools,
    async () => {
      // Whoever held the lock before may have built them.
      const open = await takeWhatIsThere(missing);
      await buildAll(open, workshop, progress, use);
      workshop.store.prune();
    },
    { onWait },
  );
  return workshop.toolchain();
}

/** Downloads of all modules run beside the builds; each build begins when its own module is complete. */
async function buildAll(
  names: readonly ToolName[],
  workshop: Workshop,
  progress: Progress,
  use: (name: ToolName, program: string) => void,
): Promise<void> {
  const abort = new AbortController();
  const modules = new Map<string, Promise<void>>();
  for (const name of names) {
    const { module } = toolOf(name);
    if (!modules.has(module)) modules.set(module, downloadModules(module, abort.signal));
  }
  try {
    for (const name of names) {
      const tool = toolOf(name);
      const task = progress.task(`build ${name} ${tool.version}`, tool.expectedSeconds);
      try {
        task.update('downloading its modules');
        await modules.get(tool.module);
        task.update('');
        use(name, await buildTool(name, workshop.store));
        task.done();
      } catch (error) {
        task.fail();
        throw error;
      }
    }
  } finally {
    // After a failed build the other downloads are of no use in this run; their own failures then tell nothing new.
    abort.abort();
    await Promise.allSettled(modules.values());
  }
}

/** The tools of these pins that are at hand already; builds nothing. */
export async function findTools(paths: Paths = resolvePaths()): Promise<Toolchain> {
  mkdirSync(paths.tools, { recursive: true });
  const workshop = new Workshop(paths, await goVersion());
  for (const name of toolNames) {
    const program = await workshop.find(name);
    if (program !== undefined) workshop.use(name, program);
  }
  return workshop.toolchain();
}
