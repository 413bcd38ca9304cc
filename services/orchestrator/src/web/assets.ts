import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

/** A file of the web page, as it is sent. */
export interface Asset {
  readonly body: Buffer;
  readonly type: string;
  /** A strong validator: the content's hash. */
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Reads the page's files, once: they come with the image and never change.
 *
 * @returns by their path below `dir`, such as `js/chat.js`
 * @throws when `dir` is not there, or holds a file of an unknown kind
 */
export function readAssets(dir: string): ReadonlyMap<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (type === undefined) throw new Error(`${path} is no file of a web page: use ${Object.keys(TYPES).join(', ')}.`);
    const body = readFileSync(path);
    const name = path.slice(dir.length).replace(/^\/+/, '');
    assets.set(name, { body, type, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` });
  }
  return assets;
}
