import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What `sha256sum` writes: the digest, a space, a space or a star, and the path. */
const LINE = /^([0-9a-f]{64}) [ *](?:\.\/)?(.+)$/;
export const MANIFEST = 'SHA256SUMS';

/**
 * Compares the files of a folder with its manifest, `SHA256SUMS` as `sha256sum` writes it: each file has to be in it,
 * and as it says.
 *
 * @param required whether a folder without a manifest is refused
 * @throws Error with the file, what is wrong, and the cure
 */
export async function verifyChecksums(folder: string, required: boolean): Promise<void> {
  const path = join(folder, MANIFEST);
  const text = await readManifest(path);
  if (text === undefined) {
    if (!required) return;
    throw new Error(
      `${path} is missing, and REQUIRE_CHECKSUMS is true. Write it with "sha256sum * > ${MANIFEST}" where the model was made.`,
    );
  }
  const expected = parse(path, text);
  for (const file of await filesOf(folder)) {
    if (!expected.has(file)) {
      throw new Error(`${join(folder, file)} is not in ${MANIFEST}. Remove the file, or write the manifest again.`);
    }
  }
  for (const [file, digest] of expected) {
    const actual = await sha256(join(folder, file));
    if (actual === undefined) {
      throw new Error(`${join(folder, file)} is in ${MANIFEST}, but it is missing. Copy the model again.`);
    }
    if (actual !== digest) {
      throw new Error(
        `${join(folder, file)} has the SHA-256 ${actual}, but ${MANIFEST} says ${digest}. Copy the model again: the file is damaged, or not the one that was meant.`,
      );
    }
  }
}

function parse(path: string, text: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const [, digest, file] = LINE.exec(line) ?? [];
    if (digest === undefined || file === undefined) {
      throw new Error(`${path}: line ${index + 1} is not "<digest>  <file>". Write it with sha256sum.`);
    }
    if (file.split('/').includes('..') || file.startsWith('/')) {
      throw new Error(`${path}: line ${index + 1} names a file outside of the folder. Write it again inside of it.`);
    }
    files.set(file, digest);
  }
  return files;
}

/** Files below a folder, but the manifest and hidden ones. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((file) => file !== MANIFEST && !file.split('/').some((part) => part.startsWith('.')));
}

async function readManifest(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function sha256(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), hash);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return hash.digest('hex');
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
