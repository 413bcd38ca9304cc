import { hash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defaultPolicy, type Policy } from '../limits/policy.ts';
import type { Identity, Role } from './identity.ts';
import { parseTokenFile, type TokenFile } from './token-file.ts';

export interface TokensOptions {
  /** A mounted secret: file name = caller, content = token, or JSON with the token and what is known of the caller. */
  readonly dir: string;
  /** What the policy file says about callers. @default - nothing */
  readonly policy?: Pick<Policy, 'identities' | 'anonymous' | 'defaultTier' | 'tiers'>;
  /** How often the folder is looked at; a revoked token works no longer than this. @default 2000 */
  readonly intervalMs?: number;
  /** Told how many tokens are known whenever that may have changed. */
  readonly onReload?: (count: number) => void;
  /** Told of a file that is JSON but says nothing usable; its caller has no token. */
  readonly onProblem?: (caller: string, problem: string) => void;
}

/**
 * The callers' bearer tokens, read again when the secret changes. Kubernetes swaps a symbolic link (`..data`) for that, which
 * file watchers miss on some file systems, so the folder is looked at: a few stat calls every two seconds.
 */
export class Tokens {
  readonly #options: TokensOptions;
  readonly #policy: NonNullable<TokensOptions['policy']>;
  /** Digests with a salt of this process, so that no token stays in memory as text and no stranger can aim at a place. */
  readonly #salt = randomUUID();
  #byDigest: ReadonlyMap<string, Identity> = new Map();
  #byCaller: ReadonlyMap<string, Identity> = new Map();
  #anonymous: Identity | undefined;
  #count = 0;
  #signature: string | undefined;
  #looked = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.#policy = options.policy ?? defaultPolicy;
    this.#take([]);
    this.reload();
  }

  /** How many callers have a token. */
  get count(): number {
    return this.#count;
  }

  /** Who is behind a request without a token; undefined: nobody. */
  get anonymous(): Identity | undefined {
    return this.#anonymous;
  }

  watch(): void {
    this.#timer = setInterval(() => this.reload(), this.#options.intervalMs ?? 2_000);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @returns who is behind this token */
  identify(token: string): Identity | undefined {
    const digest = this.#digest(token);
    const found = this.#byDigest.get(digest);
    // A token that was just added works at once; but wrong tokens must not make the disk busy.
    if (found === undefined && performance.now() - this.#looked > 250) {
      this.reload();
      return this.#byDigest.get(digest);
    }
    return found;
  }

  /** Who is behind the name of a token. A name that is no more (its token was just revoked) has no rights. */
  byCaller(caller: string): Identity {
    const { defaultTier } = this.#policy;
    return (
      this.#byCaller.get(caller) ?? { caller, user: caller, tenant: caller, tier: defaultTier, roles: new Set<Role>() }
    );
  }

  /** The tier of a user; that of everybody else for one without a token. */
  tierOfUser(user: string): string {
    for (const identity of this.#byCaller.values()) if (identity.user === user) return identity.tier;
    return this.#policy.defaultTier;
  }

  /** @returns the name of the caller whose token this is */
  callerOf(token: string): string | undefined {
    return this.identify(token)?.caller;
  }

  /** Reads the folder again when it changed. A folder that cannot be read leaves the known tokens in place. */
  reload(): void {
    this.#looked = performance.now();
    try {
      const names = readdirSync(this.#options.dir).filter((name) => !name.startsWith('.'));
      const files = names.flatMap((name) => {
        const path = join(this.#options.dir, name);
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat?.isFile() ? [{ name, path, mark: `${name}:${stat.ino}:${stat.mtimeMs}:${stat.size}` }] : [];
      });
      const signature = files.map(({ mark }) => mark).join('|');
      if (signature === this.#signature) return;
      this.#take(
        files.map(({ name, path }) => {
          const file = parseTokenFile(readFileSync(path, 'utf8'));
          if (file.problem !== undefined) this.#options.onProblem?.(name, file.problem);
          return { caller: name, file };
        }),
      );
      this.#signature = signature;
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      // In the middle of a swap a file may be gone: the next look sees the new one.
      if (!missing || this.#signature === '') return;
      if (statSync(this.#options.dir, { throwIfNoEntry: false })) return;
      this.#take([]);
      this.#signature = '';
    }
    this.#options.onReload?.(this.#count);
  }

  #take(files: readonly { readonly caller: string; readonly file: TokenFile }[]): void {
    const { identities, anonymous, defaultTier, tiers } = this.#policy;
    const known = files.filter(({ file }) => file.tokens.length > 0);
    const declared =
      [...identities.values(), ...(anonymous ? [anonymous] : [])].some(({ roles }) => roles !== undefined) ||
      known.some(({ file }) => file.facts.roles !== undefined);
    // Nobody said who may do what: then everybody may write, and a caller that is the only one may do everything.
    const undeclared: readonly Role[] = !declared && known.length === 1 ? ['admin', 'writer'] : ['writer'];
    const identify = (caller: string, facts: TokenFile['facts']): Identity => ({
      caller,
      user: facts.user ?? caller,
      tenant: facts.tenant ?? caller,
      tier: facts.tier !== undefined && tiers.has(facts.tier) ? facts.tier : defaultTier,
      roles: new Set(facts.roles ?? undeclared),
    });
    const byDigest = new Map<string, Identity>();
    const byCaller = new Map<string, Identity>();
    for (const { caller, file } of known) {
      const identity = identify(caller, { ...identities.get(caller), ...file.facts });
      byCaller.set(caller, identity);
      for (const token of file.tokens) byDigest.set(this.#digest(token), identity);
    }
    this.#byDigest = byDigest;
    this.#anonymous = anonymous && identify('anonymous', anonymous);
    if (this.#anonymous && !byCaller.has('anonymous')) byCaller.set('anonymous', this.#anonymous);
    this.#byCaller = byCaller;
    this.#count = known.length;
  }

  #digest(token: string): string {
    return hash('sha256', this.#salt + token, 'base64');
  }
}
