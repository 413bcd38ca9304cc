/** What a caller may do beyond asking. */
export const ROLES = [
  /** Budgets of everybody, maintenance, providers. */
  'admin',
  /** Stores and deletes documents. */
  'writer',
  /** Names the person that it asks for (`user`, `metadata.user_id`), whose budget is then charged: a trusted front end. */
  'delegate',
] as const;

export type Role = (typeof ROLES)[number];

/** Who is behind a token. */
export interface Identity {
  /** The name of the token. */
  readonly caller: string;
  /** Whose budget is charged. */
  readonly user: string;
  /** Answers of one tenant are never shown to another. */
  readonly tenant: string;
  /** Decides limits and budgets: one of the configured tiers. */
  readonly tier: string;
  readonly roles: ReadonlySet<Role>;
}

/** What a token's secret, or the policy file, says about it. */
export interface IdentityFacts {
  readonly user?: string | undefined;
  readonly tenant?: string | undefined;
  readonly tier?: string | undefined;
  readonly roles?: readonly Role[] | undefined;
}
