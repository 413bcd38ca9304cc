import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  compareVersions,
  isModelName,
  isVersion,
  type ModelFolder,
  type ModelRepository,
  type ModelVersion,
} from './repository.ts';

/** Folders `<root>/<name>/<version>`: on a volume, or on a claim that an init container fills. */
export class FolderRepository implements ModelRepository {
  readonly location: string;
  readonly setting = 'MODEL_DIR';

  constructor(root: string) {
    this.location = root;
  }

  /**
   * Folders with other names are none of ours: volumes bring `lost+found` and the like.
   *
   * @throws Error when the folder cannot be read
   */
  async find(): Promise<ModelVersion[]> {
    const found: ModelVersion[] = [];
    for (const name of await folders(this.location, isModelName)) {
      for (const version of await folders(join(this.location, name), isVersion)) found.push({ name, version });
    }
    return found.sort(compareVersions);
  }

  async fetch({ name, version }: ModelVersion): Promise<ModelFolder> {
    const path = join(this.location, name, version);
    try {
      await access(path);
    } catch {
      throw new Error(`${path} does not exist. Put the model there, or ask for a version that is there.`);
    }
    return { name, version, path };
  }

  async release(): Promise<void> {}
}

async function folders(path: string, wanted: (name: string) => boolean): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  return entries
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && wanted(entry.name))
    .map(({ name }) => name);
}
