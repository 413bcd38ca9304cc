import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Tokens } from '../../../../services/orchestrator/src/auth/tokens.ts';
import { parsePolicy } from '../../../../services/orchestrator/src/limits/policy.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-identities-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const tokens = (files: Record<string, string>, policy: object = {}) => {
  for (const [caller, content] of Object.entries(files)) writeFileSync(join(dir, caller), content);
  return new Tokens({ dir, policy: parsePolicy(JSON.stringify(policy)).policy });
};
const rolesOf = (known: Tokens, token: string) => [...(known.identify(token)?.roles ?? [])].sort();

describe('who is behind a token', () => {
  it('is named after its file when nothing is said: user and tenant of its own, in the default tier', () => {
    expect(tokens({ ada: 'a' }).identify('a')).toMatchObject({
      caller: 'ada',
      user: 'ada',
      tenant: 'ada',
      tier: 'standard',
    });
  });

  it('is what the policy says, and before that what the secret says', () => {
    const known = tokens(
      { web: 'a', ops: '{"token": "b", "tier": "premium"}' },
      { identities: { web: { user: 'ada', tenant: 'lab' }, ops: { tier: 'enterprise', user: 'bob' } } },
    );
    expect(known.identify('a')).toMatchObject({ user: 'ada', tenant: 'lab', tier: 'standard' });
    expect(known.identify('b')).toMatchObject({ user: 'bob', tier: 'premium' });
    expect(known.tierOfUser('bob')).toBe('premium');
    expect(known.tierOfUser('nobody')).toBe('standard');
    expect(known.byCaller('web')).toMatchObject({ user: 'ada' });
    expect(known.byCaller('gone')).toMatchObject({ user: 'gone', tier: 'standard' });
  });

  it('may do everything as long as it is the only one, and only what it was given after that', () => {
    expect(rolesOf(tokens({ cli: 'a' }), 'a')).toEqual(['admin', 'writer']);
    const two = tokens({ web: 'b' });
    expect(rolesOf(two, 'a')).toEqual(['writer']);
    expect(rolesOf(two, 'b')).toEqual(['writer']);
    const declared = tokens({ cli: '{"token": "a", "roles": ["admin"]}' });
    expect(rolesOf(declared, 'a')).toEqual(['admin']);
    expect(rolesOf(declared, 'b')).toEqual(['writer']);
  });

  it('is nobody without a token, unless the policy says who', () => {
    expect(tokens({}).anonymous).toBeUndefined();
    expect(tokens({}, { anonymous: { tier: 'premium', roles: ['admin'] } }).anonymous).toMatchObject({
      caller: 'anonymous',
      tier: 'premium',
    });
  });
});
