import { readFileSync } from 'node:fs';
import { AppError } from '../errors/app-error.ts';
import { describeError } from '../errors/describe.ts';

/** A provider's key in a mounted secret, read again after a while so that a rotated one is used without a restart. */
export class KeyFile {
  readonly #path: string;
  readonly #maxAgeMs: number;
  #key: string | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(path: string, maxAgeMs = 2_000) {
    this.#path = path;
    this.#maxAgeMs = maxAgeMs;
  }

  /** @throws AppError `upstream_credentials` when there is no key */
  read(): string {
    const now = performance.now();
    if (this.#key !== undefined && now - this.#readAt < this.#maxAgeMs) return this.#key;
    try {
      this.#key = readFileSync(this.#path, 'utf8').trim();
      this.#readAt = now;
    } catch (error) {
      // In the middle of a swap the file may be gone for a moment: the key known so far may still be good.
      if (this.#key === undefined)
        throw new AppError('upstream_credentials', { message: `Its key: ${describeError(error)}.`, cause: error });
    }
    return this.#key;
  }
}
