import { accessSync, constants, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { type GoTool, type ToolName, toolOf } from './catalogue.ts';

/** Looks a program up as a shell does. Folders in `except` do not count. */
export function which(program: string, searchPath: string, except: readonly string[] = []): string | undefined {
  for (const folder of searchPath.split(':')) {
    if (!path.isAbsolute(folder) || except.some((skipped) => folder.startsWith(skipped))) continue;
    const file = path.join(folder, program);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}

/** Finds the version in what a program prints, without a leading v. */
export function parseVersion(output: string, pattern: RegExp): string | undefined {
  return pattern.exec(output)?.[1]?.replace(/^v/, '');
}

type Known = Record<string, string>;

function readKnown(file: string): Known {
  try {
    // Written below alone; anything else in it only costs asking the program again.
    return JSON.parse(readFileSync(file, 'utf8')) as Known;
  } catch {
    return {};
  }
}

/** Asks a program for its version, or a file for what this very program answered before. */
async function versionOf(
  file: string,
  args: readonly string[],
  pattern: RegExp,
  knownFile: string,
): Promise<string | undefined> {
  const { mtimeMs, size } = statSync(file);
  const id = `${realpathSync(file)} ${mtimeMs} ${size}`;
  const known = readKnown(knownFile);
  const remembered = known[id];
  if (remembered !== undefined) return remembered;
  const result = await execa(file, [...args], {
    reject: false,
    timeout: 10_000,
    all: true,
    env: { PULUMI_SKIP_UPDATE_CHECK: 'true' },
  });
  const version = result.exitCode === 0 ? parseVersion(result.all ?? '', pattern) : undefined;
  if (version !== undefined) writeFileSync(knownFile, JSON.stringify({ ...readKnown(knownFile), [id]: version }));
  return version;
}

export interface SearchOptions {
  readonly searchPath: string;
  /** Folders of our own, which hold links to built programs. */
  readonly except: readonly string[];
  /** Remembers the versions of programs between runs. */
  readonly knownFile: string;
}

/**
 * Path of an installed program that does as well as the built one: on PATH, in the pinned version. A companion counts only from
 * the folder of the program that it belongs to, with all files that it brings.
 */
export async function findInstalled(name: ToolName, options: SearchOptions): Promise<string | undefined> {
  const tool: GoTool = toolOf(name);
  if (tool.installed === undefined) return undefined;
  if (tool.installed.kind === 'companion') {
    const main = await findInstalled(tool.installed.of, options);
    if (main === undefined) return undefined;
    const folder = path.dirname(realpathSync(main));
    const wanted = [tool.program, ...(tool.files?.paths ?? []).map((file) => path.basename(file))];
    const complete = wanted.every((program) => which(program, folder) !== undefined);
    return complete ? path.join(folder, tool.program) : undefined;
  }
  const file = which(tool.program, options.searchPath, options.except);
  if (file === undefined) return undefined;
  const version = await versionOf(file, tool.installed.args, tool.installed.pattern, options.knownFile);
  return version === tool.version.replace(/^v/, '') ? file : undefined;
}
