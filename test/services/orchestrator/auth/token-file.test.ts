import { describe, expect, it } from '@jest/globals';
import { parseTokenFile } from '../../../../services/orchestrator/src/auth/token-file.ts';

describe('parseTokenFile', () => {
  it('takes a bare token', () => {
    expect(parseTokenFile('secret\n')).toEqual({ tokens: ['secret'], facts: {} });
    expect(parseTokenFile(' \n')).toEqual({ tokens: [], facts: {} });
  });

  it('takes a token with what is known of its caller', () => {
    expect(
      parseTokenFile('{"token": "secret", "user": "ada", "tenant": "lab", "tier": "premium", "roles": ["admin"]}'),
    ).toEqual({
      tokens: ['secret'],
      facts: { user: 'ada', tenant: 'lab', tier: 'premium', roles: ['admin'] },
    });
  });

  it('takes two tokens while one replaces the other', () => {
    expect(parseTokenFile('{"token": "new", "tokens": ["old"]}').tokens).toEqual(['new', 'old']);
  });

  it('says what is wrong without repeating it', () => {
    for (const [content, problem] of [
      ['{"token": canary', 'not valid JSON'],
      ['{"token": "canary", "roles": ["king"]}', '/roles/0 is not valid'],
      ['{"user": "ada"}', 'holds no token'],
    ] as const) {
      const file = parseTokenFile(content);
      expect(file.tokens).toEqual([]);
      expect(file.problem).toContain(problem);
      expect(file.problem).not.toContain('canary');
    }
  });
});
