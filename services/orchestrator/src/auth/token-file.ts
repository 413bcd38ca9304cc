import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { type IdentityFacts, ROLES } from './identity.ts';

/** A file of the secret. */
export interface TokenFile {
  /** During a rotation there may be two. Empty: this caller has none. */
  readonly tokens: readonly string[];
  readonly facts: IdentityFacts;
  /** Why it has none, if that is a mistake. Never holds the content. */
  readonly problem?: string;
}

const Schema = Type.Object(
  {
    token: Type.Optional(Type.String({ minLength: 1 })),
    tokens: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    user: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    tier: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
    roles: Type.Optional(Type.Array(Type.Union(ROLES.map((role) => Type.Literal(role))))),
  },
  { additionalProperties: false },
);

/**
 * A file holds the bare token, or JSON: `{"token": "…", "user": "ada", "tenant": "lab", "tier": "premium", "roles": ["admin"]}`.
 * `tokens` in place of `token` lets two tokens work during a rotation. What it says takes precedence over the policy file.
 */
export function parseTokenFile(content: string): TokenFile {
  const text = content.trim();
  if (!text.startsWith('{')) return { tokens: text === '' ? [] : [text], facts: {} };
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return { tokens: [], facts: {}, problem: 'begins with "{" and is not valid JSON' };
  }
  if (!Value.Check(Schema, given)) {
    const field = Value.Errors(Schema, given).First()?.path ?? '';
    return { tokens: [], facts: {}, problem: `${field === '' ? 'the object' : field} is not valid` };
  }
  const { token, tokens = [], ...facts } = given;
  const all = [...(token === undefined ? [] : [token]), ...tokens].map((one) => one.trim()).filter((one) => one !== '');
  return { tokens: all, facts, ...(all.length === 0 ? { problem: 'holds no token' } : {}) };
}
