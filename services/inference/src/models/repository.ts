import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder `<model folder>/<name>/<version>` with a model in it. */
export interface ModelFolder {
  readonly name: string;
  readonly version: string;
  readonly path: string;
}

/** Names that go into addresses and metrics as they are. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const VERSION = /^[1-9][0-9]*$/;

/**
 * Finds the models of a folder, by name and then by version. Folders with other names are none of ours: volumes bring
 * `lost+found` and the like.
 *
 * @throws Error when the folder cannot be read
 */
export async function findModels(root: string): Promise<ModelFolder[]> {
  const found: ModelFolder[] = [];
  for (const name of await folders(root, NAME)) {
    for (const version of await folders(join(root, name), VERSION)) {
      found.push({ name, version, path: join(root, name, version) });
    }
  }
  return found.sort((a, b) => a.name.localeCompare(b.name) || Number(a.version) - Number(b.version));
}

async function folders(path: string, pattern: RegExp): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && pattern.test(entry.name))
    .map(({ name }) => name);
}
