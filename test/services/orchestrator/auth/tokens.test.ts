import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Tokens } from '../../../../services/orchestrator/src/auth/tokens.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-tokens-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Writes the secret as the kubelet does: a new folder, then one rename of the link `..data`. */
function mount(version: string, tokens: Record<string, string>): void {
  const folder = join(dir, `..${version}`);
  mkdirSync(folder);
  for (const [caller, token] of Object.entries(tokens)) writeFileSync(join(folder, caller), token);
  symlinkSync(`..${version}`, join(dir, '..data_tmp'));
  renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  for (const caller of Object.keys(tokens)) {
    rmSync(join(dir, caller), { force: true });
    symlinkSync(join('..data', caller), join(dir, caller));
  }
}

describe('Tokens', () => {
  it('knows a caller by the token, with or without a line end in the file', () => {
    mount('v1', { alice: 'token-of-alice\n', bob: 'token-of-bob' });
    const tokens = new Tokens({ dir });
    expect(tokens.callerOf('token-of-alice')).toBe('alice');
    expect(tokens.callerOf('token-of-bob')).toBe('bob');
    expect(tokens.callerOf('token-of-alic')).toBeUndefined();
    expect(tokens.callerOf('')).toBeUndefined();
  });

  it('follows a rotated secret: the new token works, the old one does not', () => {
    mount('v1', { alice: 'before' });
    const tokens = new Tokens({ dir });
    mount('v2', { alice: 'after' });
    tokens.reload();
    expect(tokens.callerOf('after')).toBe('alice');
    expect(tokens.callerOf('before')).toBeUndefined();
  });

  it('looks again by itself when it does not know a token', async () => {
    mount('v1', { alice: 'before' });
    const tokens = new Tokens({ dir });
    mount('v2', { alice: 'after' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(tokens.callerOf('after')).toBe('alice');
  });

  it('takes an empty file for no token, and a missing folder for no caller', () => {
    mount('v1', { alice: '\n' });
    expect(new Tokens({ dir }).callerOf('')).toBeUndefined();
    const tokens = new Tokens({ dir: join(dir, 'missing') });
    expect(tokens.count).toBe(0);
  });
});
