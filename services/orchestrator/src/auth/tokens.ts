import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface TokensOptions {
  /** A mounted secret: file name = caller, content = token. */
  readonly dir: string;
  /** How often the folder is looked at; a revoked token works no longer than this. @default 2000 */
  readonly intervalMs?: number;
  /** Told how many tokens are known whenever that may have changed. */
  readonly onReload?: (count: number) => void;
}

/**
 * The callers' bearer tokens, read again when the secret changes. Kubernetes swaps a symbolic link (`..data`) for that, which
 * file watchers miss on some file systems, so the folder is looked at: a few stat calls every two seconds.
 */
export class Tokens {
  readonly #options: TokensOptions;
  /** Digests under a key of this process: equal lengths for the comparison, and no token stays in memory as text. */
  readonly #key = randomBytes(32);
  #digests: readonly { readonly caller: string; readonly digest: Buffer }[] = [];
  #signature: string | undefined;
  #looked = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TokensOptions) {
    this.#options = options;
    this.reload();
  }

  get count(): number {
    return this.#digests.length;
  }

  watch(): void {
    this.#timer = setInterval(() => this.reload(), this.#options.intervalMs ?? 2_000);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @returns the caller whose token this is. Takes the same time whichever token it is, and whether it is one. */
  callerOf(token: string): string | undefined {
    const caller = this.#find(token);
    // A token that was just added works at once; but wrong tokens must not make the disk busy.
    if (caller === undefined && performance.now() - this.#looked > 250) {
      this.reload();
      return this.#find(token);
    }
    return caller;
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
      this.#digests = files.flatMap(({ name, path }) => {
        const token = readFileSync(path, 'utf8').trim();
        return token === '' ? [] : [{ caller: name, digest: this.#digest(token) }];
      });
      this.#signature = signature;
    } catch (error) {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      // In the middle of a swap a file may be gone: the next look sees the new one.
      if (!missing || this.#signature === '') return;
      if (statSync(this.#options.dir, { throwIfNoEntry: false })) return;
      this.#digests = [];
      this.#signature = '';
    }
    this.#options.onReload?.(this.#digests.length);
  }

  #find(token: string): string | undefined {
    const given = this.#digest(token);
    let found: string | undefined;
    for (const { caller, digest } of this.#digests) if (timingSafeEqual(digest, given)) found = caller;
    return found;
  }

  #digest(token: string): Buffer {
    return createHmac('sha256', this.#key).update(token).digest();
  }
}
