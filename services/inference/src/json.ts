import { readFile } from 'node:fs/promises';

/** A JSON object whose values nobody has looked at yet. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * The JSON object in a file; undefined where there is no such file.
 *
 * @throws Error when the file is not JSON
 */
export async function readJson(path: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw new Error(`${path} is not JSON. Copy the model again.`);
  }
}

/** The value as an object; an empty one when it is none. */
export function asObject(value: unknown): Json {
  // An object with unknown values is all that is claimed; every reader checks the value that it takes.
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

/** The value as a list; an empty one when it is none. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
