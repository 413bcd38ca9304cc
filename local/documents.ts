import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, exitCodes, Failure } from './failure.ts';

/** A file to be ingested. */
export interface DocumentFile {
  /** Name of the folder and the path in it: stays the same wherever the folder lies. */
  readonly id: string;
  readonly path: string;
}

/** Files of a folder, and what could not be looked at. */
export interface Documents {
  readonly files: readonly DocumentFile[];
  readonly problems: readonly string[];
}

const extensions = new Set(['.md', '.txt']);

/** The orchestrator refuses larger requests; the text is the most of one. */
export const maximumBytes = 1024 * 1024;

const reasonOf = (error: unknown): string =>
  codeOf(error) === 'EACCES' ? 'no permission to read it' : error instanceof Error ? error.message : String(error);

/**
 * All .md and .txt files below a folder, in the order of their paths.
 *
 * @param folder - absolute, or relative to where the person typed the command
 * @throws Failure when there is no such folder, or no document in it
 */
export async function findDocuments(folder: string, env: NodeJS.ProcessEnv = process.env): Promise<Documents> {
  // npm runs its scripts in the project's folder and tells in INIT_CWD where the person is.
  const root = path.resolve(env.INIT_CWD ?? process.cwd(), folder);
  const failure = (value: string, cure: string): Failure =>
    new Failure({ path: root, value, cure, exitCode: exitCodes.usage });
  const facts = await stat(root).catch(() => undefined);
  if (facts === undefined) throw failure('there is no such folder', 'Name one that holds .md or .txt files');
  if (facts.isFile()) return { files: [{ id: path.basename(root), path: root }], problems: [] };
  const files: DocumentFile[] = [];
  const problems: string[] = [];
  const walk = async (current: string): Promise<void> => {
    const entries = await readdir(current, { withFileTypes: true }).catch((error: unknown) => {
      problems.push(`${path.relative(root, current) || root}: ${reasonOf(error)}`);
      return [];
    });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const full = path.join(current, entry.name);
      if (entry.isDirectory()) {
        if (!entry.name.startsWith('.') && entry.name !== 'node_modules') await walk(full);
      } else if (extensions.has(path.extname(entry.name).toLowerCase())) {
        files.push({ id: path.join(path.basename(root), path.relative(root, full)), path: full });
      }
    }
  };
  await walk(root);
  if (files.length === 0 && problems.length === 0)
    throw failure('no .md or .txt file below it', 'Name a folder that has some');
  return { files, problems };
}

/** The text of a file, or why it cannot be ingested. */
export async function readDocument(file: string): Promise<{ readonly text: string } | { readonly problem: string }> {
  let content: Buffer;
  try {
    const { size } = await stat(file);
    if (size > maximumBytes) {
      return { problem: `too large (${Math.ceil(size / 1024)} KiB of at most ${maximumBytes / 1024}). Split it` };
    }
    content = await readFile(file);
  } catch (error) {
    return { problem: reasonOf(error) };
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    if (text.includes('\0')) return { problem: 'not a text file. Leave it out or give it another extension' };
    if (text.trim() === '') return { problem: 'empty. Leave it out' };
    return { text };
  } catch {
    return { problem: 'not UTF-8 text. Convert it, for example with iconv' };
  }
}
