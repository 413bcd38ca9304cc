import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { exitCodes, Failure } from '../failure.ts';
import { type GoTool, moduleFolder, type ToolName, toolOf } from './catalogue.ts';
import { goEnvironment } from './go.ts';
import { buildFlags, cacheKey } from './key.ts';

/** Built tools by name, version and key; the pins of several checkouts lie side by side. */
export class Store {
  readonly #folder: string;
  readonly #goVersion: string;

  constructor(toolsFolder: string, goVersion: string) {
    this.#folder = path.join(toolsFolder, 'store');
    this.#goVersion = goVersion;
  }

  /** Folder of a tool as it is pinned now, built or not. */
  folderOf(name: ToolName): string {
    const tool = toolOf(name);
    return path.join(
      this.#folder,
      `${name}-${tool.version}-${cacheKey(tool, moduleFolder(tool.module), this.#goVersion)}`,
    );
  }

  /** Path of the built program. */
  find(name: ToolName): string | undefined {
    const program = path.join(this.folderOf(name), toolOf(name).program);
    if (!existsSync(program)) return undefined;
    const now = new Date();
    utimesSync(this.folderOf(name), now, now); // tells prune() that it is used
    return program;
  }

  /** A folder to build in, on the same file system, so that it can be renamed into place. */
  draft(name: ToolName): string {
    const folder = path.join(this.#folder, `.draft-${name}-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** Puts a complete draft in its place. */
  commit(name: ToolName, draft: string): string {
    const folder = this.folderOf(name);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
    return path.join(folder, toolOf(name).program);
  }

  /**
   * Removes what nobody needs: drafts of interrupted builds, and tools of other pins that were not used for some time. To be
   * called by the holder of the lock.
   *
   * @param days - how long a tool of another checkout's pins is kept after its last use. @default 14
   */
  prune(days = 14): void {
    if (!existsSync(this.#folder)) return;
    const now = new Date();
    for (const entry of readdirSync(this.#folder)) {
      const folder = path.join(this.#folder, entry);
      const unused = now.getTime() - statSync(folder).mtimeMs > days * 24 * 60 * 60 * 1000;
      if (entry.startsWith('.draft-') || unused) rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** The part of the go command's output that tells what is wrong. */
export function goError(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const told = lines.filter((line) => line !== '' && !line.startsWith('go: downloading') && !line.startsWith('#'));
  return told.slice(0, 3).join(' ') || 'no message';
}

async function go(args: readonly string[], folder: string, signal?: AbortSignal): Promise<string> {
  const result = await execa('go', [...args], {
    cwd: folder,
    env: goEnvironment,
    reject: false,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  if (result.exitCode === 0) return result.stdout;
  const lost = /dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|proxyconnect|: 5\d\d /.test(
    result.stderr,
  );
  throw new Failure({
    path: `go ${args[0]} in ${folder}`,
    value: goError(result.stderr),
    cure: lost
      ? 'Make the Go module proxy reachable (GOPROXY) and run the command again: it goes on where it stopped'
      : 'Run the command again: it goes on where it stopped',
    exitCode: lost ? exitCodes.unavailable : exitCodes.failed,
  });
}

/** Fetches everything that the module's go.sum pins. */
export async function downloadModules(module: string, signal?: AbortSignal): Promise<void> {
  await go(['mod', 'download'], moduleFolder(module), signal);
}

/** Folder with the files of one module that the go.mod in `folder` pins, once it was fetched. */
async function moduleFiles(folder: string, dependency: string): Promise<string> {
  return (await go(['list', '-m', '-f', '{{.Dir}}', dependency], folder)).trim();
}

/** Folder with the files of one module that a tool's go.mod pins, fetched where Go's cache does not have it. */
export async function sourceOf(module: string, dependency: string): Promise<string> {
  const folder = moduleFolder(module);
  await go(['mod', 'download', dependency], folder);
  return await moduleFiles(folder, dependency);
}

/** Builds a tool and puts it, its links and its files into the store. */
export async function buildTool(name: ToolName, store: Store): Promise<string> {
  const tool: GoTool = toolOf(name);
  const folder = moduleFolder(tool.module);
  const draft = store.draft(name);
  try {
    await go(['build', ...buildFlags(tool), '-o', path.join(draft, tool.program), tool.package], folder);
    for (const link of tool.links ?? []) symlinkSync(tool.program, path.join(draft, link));
    if (tool.files !== undefined) {
      const source = await moduleFiles(folder, tool.files.module);
      for (const file of tool.files.paths) {
        const target = path.join(draft, path.basename(file));
        cpSync(path.join(source, file), target);
        await execa('chmod', ['755', target]);
      }
    }
    return store.commit(name, draft);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
