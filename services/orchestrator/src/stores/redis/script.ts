import { createHash } from 'node:crypto';

/** A Lua script: Redis runs it as a whole, so that no other command comes in between. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Makes a script; the shared functions come before it. */
export function script(...parts: readonly string[]): Script {
  const text = parts.join('\n');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
