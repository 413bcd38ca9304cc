import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { exitCodes, Failure } from '../failure.ts';
import { hashFile, replace } from './layout.ts';

/** Hashes of files, remembered by their size and times: the big ones need not be read at each start. */
export class Fingerprints {
  readonly #file: string;
  readonly #known: Map<string, string>;
  #changed = false;

  private constructor(file: string, known: Map<string, string>) {
    this.#file = file;
    this.#known = known;
  }

  /** Reads what is remembered in a file; a missing or broken one is an empty memory. */
  static async load(file: string): Promise<Fingerprints> {
    const text = await readFile(file, 'utf8').catch(() => '{}');
    try {
      const entries = Object.entries(JSON.parse(text) as Record<string, unknown>); // written by save()
      return new Fingerprints(
        file,
        new Map(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
      );
    } catch {
      return new Fingerprints(file, new Map());
    }
  }

  /** Hash of names, modes and contents of files and folders. */
  async of(paths: readonly string[]): Promise<string> {
    const hash = createHash('sha256');
    for (const path of paths) {
      for (const file of await listFiles(path)) {
        hash.update(`${relative(path, file)}\0${await this.#hash(file)}\n`);
      }
    }
    return hash.digest('hex');
  }

  /** Keeps what is known for the next run. */
  async save(): Promise<void> {
    if (this.#changed) await replace(this.#file, JSON.stringify(Object.fromEntries(this.#known)));
  }

  async #hash(file: string): Promise<string> {
    const { size, mtimeMs, ctimeMs, ino, mode } = await stat(file);
    const key = `${file}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const value = `${(mode & 0o111) === 0 ? '-' : 'x'}${await hashFile(file)}`;
    for (const other of this.#known.keys()) if (other.startsWith(`${file}:`)) this.#known.delete(other);
    this.#known.set(key, value);
    this.#changed = true;
    return value;
  }
}

async function listFiles(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new Failure({
      path,
      value: 'the file or folder that an image is made from is missing',
      cure: 'Build it first (npm start does)',
      exitCode: exitCodes.environment,
    });
  }
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const nested = await Promise.all(
    entries.map((entry) => (entry.isDirectory() ? listFiles(join(path, entry.name)) : [join(path, entry.name)])),
  );
  return nested.flat().sort();
}
