import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { exitCodes, Failure } from '../failure.ts';

/** A file to write. */
export interface FileText {
  readonly name: string;
  readonly text: string;
}

/** What a folder changed by. */
export interface Written {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** Lists the files that were written, so that the next run knows which are its own. */
export const listName = '.keelson-synth.json';

/**
 * Writes a folder of files as a whole: it is made beside the old one and takes its place when it is complete. Files of an
 * earlier run that are no longer among them go; what others put there stays.
 *
 * @throws Failure for a folder with content that no earlier run made
 */
export function writeFolder(folder: string, files: readonly FileText[]): Written {
  const before = ownFiles(folder);
  mkdirSync(path.dirname(folder), { recursive: true });
  const draft = mkdtempSync(path.join(path.dirname(folder), `.${path.basename(folder)}-`));
  try {
    for (const { name, text } of files) writeFileSync(path.join(draft, name), text);
    const own = files.map(({ name }) => name);
    writeFileSync(path.join(draft, listName), `${JSON.stringify({ files: own }, null, 2)}\n`);
    if (existsSync(folder)) {
      for (const other of readdirSync(folder)) {
        const kept = other !== listName && !before.has(other);
        if (kept && !own.includes(other))
          cpSync(path.join(folder, other), path.join(draft, other), { recursive: true });
      }
    }
    const written = compare(before, files);
    replace(folder, draft);
    return written;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Files that an earlier run wrote, with their text. */
function ownFiles(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder);
  if (!entries.includes(listName)) {
    if (entries.length === 0) return new Map();
    throw new Failure({
      path: folder,
      value: `it holds files that were not written by this command, such as ${entries[0]}`,
      cure: 'Name another folder with --out, or empty this one',
      exitCode: exitCodes.usage,
    });
  }
  // Written by writeFolder.
  const { files } = JSON.parse(readFileSync(path.join(folder, listName), 'utf8')) as {
    readonly files: readonly string[];
  };
  return new Map(
    files
      .filter((name) => entries.includes(path.basename(name)))
      .map((name) => [name, readFileSync(path.join(folder, path.basename(name)), 'utf8')]),
  );
}

function compare(before: ReadonlyMap<string, string>, files: readonly FileText[]): Written {
  const now = new Map(files.map(({ name, text }) => [name, text]));
  const known = files.filter(({ name }) => before.has(name));
  const unchanged = known.filter(({ name, text }) => before.get(name) === text).length;
  return {
    added: files.length - known.length,
    changed: known.length - unchanged,
    removed: [...before.keys()].filter((name) => !now.has(name)).length,
    unchanged,
  };
}

function replace(folder: string, draft: string): void {
  if (!existsSync(folder)) {
    renameSync(draft, folder);
    return;
  }
  const old = mkdtempSync(path.join(path.dirname(folder), `.${path.basename(folder)}-old-`));
  renameSync(folder, path.join(old, 'old'));
  try {
    renameSync(draft, folder);
  } catch (error) {
    renameSync(path.join(old, 'old'), folder);
    throw error;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}
